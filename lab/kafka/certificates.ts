import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const VALID_DAYS = 365;
const KEY_BITS = 2048;

// RFC 5280, GeneralName: [2] is a DNS name, [7] an address.
const DNS_NAME = 2;
const IP_LOOPBACK = { type: 7, ip: '127.0.0.1' };

export interface Issued {
  /** PEM, X.509. */
  certificate: string;
  /** PEM, PKCS #8: the only form Kafka's PEM key store reads. */
  key: string;
}

/** A certificate authority for one lab; its key lives only as long as this object. */
export class CertificateAuthority {
  private constructor(
    private readonly own: Issued,
    private readonly name: string,
  ) {}

  static async create(name: string): Promise<CertificateAuthority> {
    const keys = await keyPair();
    const extensions = [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ];
    const certificate = sign({
      subject: name,
      issuer: name,
      publicKey: keys.publicKey,
      signer: keys.privateKey,
      extensions,
    });
    return new CertificateAuthority({ certificate, key: keys.privateKey }, name);
  }

  get certificate(): string {
    return this.own.certificate;
  }

  /** The subject is `CN=<name>` alone, so Kafka's default mapping makes it the principal `User:CN=<name>`. */
  async issueClient(name: string): Promise<Issued> {
    return this.issue(name, [{ name: 'extKeyUsage', clientAuth: true }]);
  }

  /** For a broker: server towards clients, who know it by one of the hosts, and client towards itself. */
  async issueServer(name: string, hosts: readonly string[]): Promise<Issued> {
    return this.issue(name, [
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...hosts.map((value) => ({ type: DNS_NAME, value })), IP_LOOPBACK],
      },
    ]);
  }

  private async issue(name: string, extensions: object[]): Promise<Issued> {
    const keys = await keyPair();
    const certificate = sign({
      subject: name,
      issuer: this.name,
      publicKey: keys.publicKey,
      signer: this.own.key,
      extensions: [{ name: 'basicConstraints', cA: false }, ...extensions],
    });
    return { certificate, key: keys.privateKey };
  }
}

function sign(what: {
  subject: string;
  issuer: string;
  publicKey: string;
  signer: string;
  extensions: object[];
}): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(what.publicKey);
  // A first byte from 01 to 7f: X.509 wants a positive number, and DER forbids the zeros that would pad it.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  // From yesterday: a container or virtual machine whose clock is a little behind accepts it too.
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + VALID_DAYS * 86_400_000);
  certificate.setSubject([{ name: 'commonName', value: what.subject }]);
  certificate.setIssuer([{ name: 'commonName', value: what.issuer }]);
  certificate.setExtensions(what.extensions);
  certificate.sign(forge.pki.privateKeyFromPem(what.signer), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

// Node makes keys off the main thread in a tenth of the time of node-forge, which only signs here.
async function keyPair(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
