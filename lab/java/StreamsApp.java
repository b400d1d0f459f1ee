import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;

/**
 * Applications of Kafka Streams. Each prints the records that it processes, as {@code processed <id> <value>}, and {@code
 * died <id> <exception>} when it cannot go on. They stop, committing, when standard input ends.
 *
 * <p>Arguments: a file of client properties, then an application id and a topic for each application. The system property
 * {@code group.protocol} may be {@code streams} (KIP-1071). Compiles against Streams 3.1 and later.
 */
public class StreamsApp {
  public static void main(String[] args) throws Exception {
    List<KafkaStreams> applications = new ArrayList<>();
    for (int at = 1; at < args.length; at += 2) applications.add(start(args[0], args[at], args[at + 1]));
    while (System.in.read() != -1) {}
    applications.parallelStream().forEach(one -> one.close(Duration.ofSeconds(30)));
    System.exit(0);
  }

  private static KafkaStreams start(String properties, String id, String topic) throws Exception {
    Properties config = new Properties();
    try (FileReader file = new FileReader(properties, StandardCharsets.UTF_8)) {
      config.load(file);
    }
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
    config.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("streams").toString());
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100");
    String protocol = System.getProperty("group.protocol", "classic");
    // In the classic protocol it does not leave its group when it stops: its coordinator forgets it after this time.
    if (protocol.equals("classic")) config.put("session.timeout.ms", "10000");
    else config.put("group.protocol", protocol);
    config.put("auto.offset.reset", "earliest");
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .stream(topic, Consumed.with(Serdes.String(), Serdes.String()))
        .foreach((key, value) -> System.out.println("processed " + id + " " + value));
    KafkaStreams streams = new KafkaStreams(builder.build(), config);
    streams.setUncaughtExceptionHandler(
        exception -> {
          Throwable cause = exception;
          while (cause.getCause() != null) cause = cause.getCause();
          System.out.println("died " + id + " " + cause);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    return streams;
  }
}
