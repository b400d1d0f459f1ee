import type { Settings } from './settings.js';
import type { Metadata } from './version.js';

/** Paths of PEM files, as clients outside the Java world take them. */
export interface TlsFiles {
  ca: string;
  certificate: string;
  key: string;
}

export interface SaslCredentials {
  mechanism: 'scram-sha-512';
  username: string;
  password: string;
  /** Holds the password and nothing else. */
  passwordFile: string;
}

/** How one cluster of the lab is secured. `folder` is where its credentials are, one set for every user. */
export interface ClusterSecurity {
  /** Makes the credentials of a new cluster. */
  issue(folder: string): Promise<void>;
  /** The broker's settings. */
  settings(folder: string, metadata: Metadata): Promise<Settings>;
  /** What `StorageTool format` must know, so that users can log in from the first second. */
  formatArguments(folder: string): Promise<string[]>;
  credentials(folder: string, user: string): Promise<{ sasl?: SaslCredentials; tls?: TlsFiles }>;
  /** Client settings for Kafka's Java tools, and for librdkafka (kcat). */
  javaClient(folder: string, user: string): Promise<Settings>;
  librdkafkaClient(folder: string, user: string): Promise<Settings>;
}
