import { readFile, writeFile } from 'node:fs/promises';
import forge from 'node-forge';
import { propertiesFile } from '../kafka/settings.js';

/** PKCS #12 wants one; the key lies beside it in PEM without any. */
const password = 'of-the-lab';

/**
 * Settings of a Java client for one of before Kafka 3.2, which reads no key in PEM without a password: the same, with its
 * key and certificate in a PKCS #12 store. Answers the path of the new file.
 */
export async function forOldClients(properties: string): Promise<string> {
  const text = await readFile(properties, 'utf8');
  const pem = /^ssl\.keystore\.location=(.+)$/m.exec(text)?.[1];
  if (pem === undefined) return properties;
  const keyAndCertificate = await readFile(pem, 'utf8');
  const store = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(keyAndCertificate),
    forge.pki.certificateFromPem(
      keyAndCertificate.slice(keyAndCertificate.indexOf('-----BEGIN CERTIFICATE')),
    ),
    password,
    { algorithm: '3des' },
  );
  const [location, file] = [`${pem}.p12`, `${properties}.old`];
  const mode = 0o600;
  await writeFile(location, forge.asn1.toDer(store).getBytes(), { encoding: 'binary', mode });
  const kept = text.split('\n').filter((line) => !line.startsWith('ssl.keystore.'));
  const keyStore = propertiesFile({
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': location,
    'ssl.keystore.password': password,
    'ssl.key.password': password,
  });
  await writeFile(file, `${kept.join('\n')}\n${keyStore}`, { mode });
  return file;
}
