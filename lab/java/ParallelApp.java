import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Applications of Confluent's Parallel Consumer. Each prints the records that it has processed, as {@code processed <id>
 * <value>}, but is never done with the record of one value: what a slow call looks like. They stop, committing, when
 * standard input ends.
 *
 * <p>Arguments: a file of client properties, then a group id, a topic and the value that is never done for each.
 */
public class ParallelApp {
  private static final CountDownLatch never = new CountDownLatch(1);

  public static void main(String[] args) throws Exception {
    List<ParallelStreamProcessor<String, String>> applications = new ArrayList<>();
    for (int at = 1; at < args.length; at += 3)
      applications.add(start(args[0], args[at], args[at + 1], args[at + 2]));
    while (System.in.read() != -1) {}
    applications.parallelStream().forEach(one -> one.closeDontDrainFirst(Duration.ofSeconds(20)));
    System.exit(0);
  }

  private static ParallelStreamProcessor<String, String> start(
      String properties, String id, String topic, String slow) throws Exception {
    Properties config = new Properties();
    try (FileReader file = new FileReader(properties, StandardCharsets.UTF_8)) {
      config.load(file);
    }
    config.put("group.id", id);
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "false");
    config.put("key.deserializer", StringDeserializer.class.getName());
    config.put("value.deserializer", StringDeserializer.class.getName());
    ParallelConsumerOptions<String, String> options =
        ParallelConsumerOptions.<String, String>builder()
            .consumer(new KafkaConsumer<>(config))
            .ordering(ProcessingOrder.UNORDERED)
            .commitMode(CommitMode.PERIODIC_CONSUMER_SYNC)
            .commitInterval(Duration.ofMillis(100))
            .maxConcurrency(4)
            .shutdownTimeout(Duration.ofSeconds(1))
            .build();
    ParallelStreamProcessor<String, String> processor =
        ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(topic));
    processor.poll(
        context -> {
          String value = context.getSingleRecord().value();
          if (value.equals(slow)) waitForever();
          System.out.println("processed " + id + " " + value);
        });
    return processor;
  }

  private static void waitForever() {
    try {
      never.await();
    } catch (InterruptedException stopping) {
      throw new IllegalStateException(stopping);
    }
  }
}
