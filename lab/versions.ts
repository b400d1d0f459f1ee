/**
 * The versions that the lab runs, in one place: `docker-compose.yml` repeats them and a test compares the two.
 *
 * The source is the last 3.x line and the target a current 4.x, because that is what a migration meets in life.
 */
export const versions = {
  sourceKafka: '3.9.1',
  /** The oldest that the ferry speaks to, with ZooKeeper: `npm run lab -- up --source 2.8`. */
  oldestKafka: '2.8.2',
  /** Not 4.3 or 4.4: a broker that is killed while a transaction ends may leave out its markers there (KAFKA-20734). */
  targetKafka: '4.2.0',
  /** Applications of other people's libraries: the last Kafka Streams that cannot live with foreign commit metadata. */
  oldStreams: '3.1.2',
  streams: '4.2.0',
  parallelConsumer: '0.5.3.2',
  /** The schema registries: the last line that runs on Java 17. */
  apicurio: '2.6.13.Final',
  /** With Docker only. From 6.2.4 on it has import mode. */
  karapace: '6.2.4',
  /** The Temporal command line, which holds the development server and its web UI. */
  temporalCli: '1.5.1',
  temporalServer: '1.29.1',
  temporalUi: '2.42.1',
  /** Lints and renders the chart in `ops/helm`. */
  helm: '3.19.2',
  /** Temporal's Java test server, which can skip time. */
  temporalTestServer: '1.36.1',
  /** Kafka 4.x ships no SLF4J binding; without one a broker is silent. */
  log4j: '2.25.4',
  /** Nor does 2.x as it comes from Maven. */
  slf4j: '1.7.36',
} as const;
