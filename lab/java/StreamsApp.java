import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;

/**
 * A Kafka Streams application: prints each record that it processes, as {@code processed <partition value>}, and
 * {@code died <exception>} when it cannot go on. Stops, committing, when its standard input ends.
 *
 * <p>Arguments: client properties file, application id, topic. Compiles against Streams 3.1 and later.
 */
public class StreamsApp {
  public static void main(String[] args) throws Exception {
    Path state = Files.createTempDirectory("streams");
    Properties config = new Properties();
    try (FileReader file = new FileReader(args[0], StandardCharsets.UTF_8)) {
      config.load(file);
    }
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
    config.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100");
    config.put("auto.offset.reset", "earliest");
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .stream(args[2], Consumed.with(Serdes.String(), Serdes.String()))
        .foreach((key, value) -> System.out.println("processed " + value));
    KafkaStreams streams = new KafkaStreams(builder.build(), config);
    streams.setUncaughtExceptionHandler(
        exception -> {
          Throwable cause = exception;
          while (cause.getCause() != null) cause = cause.getCause();
          System.out.println("died " + cause);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setStateListener((now, before) -> System.out.println("state " + now));
    streams.start();
    while (System.in.read() != -1) {}
    streams.close(Duration.ofSeconds(20));
    System.out.println("stopped");
    System.exit(0);
  }
}
