import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * An application of Confluent's Parallel Consumer: prints each record that it has processed, as {@code processed <value>}.
 * Records whose values are named are never done: what a slow call looks like. Stops, committing, when its standard input
 * ends.
 *
 * <p>Arguments: client properties file, group id, topic, values that are never done.
 */
public class ParallelApp {
  public static void main(String[] args) throws Exception {
    Properties config = new Properties();
    try (FileReader file = new FileReader(args[0], StandardCharsets.UTF_8)) {
      config.load(file);
    }
    config.put("group.id", args[1]);
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "false");
    config.put("key.deserializer", StringDeserializer.class.getName());
    config.put("value.deserializer", StringDeserializer.class.getName());
    Set<String> slow = Set.copyOf(List.of(args).subList(3, args.length));
    CountDownLatch never = new CountDownLatch(1);
    ParallelConsumerOptions<String, String> options =
        ParallelConsumerOptions.<String, String>builder()
            .consumer(new KafkaConsumer<>(config))
            .ordering(ProcessingOrder.UNORDERED)
            .commitMode(CommitMode.PERIODIC_CONSUMER_SYNC)
            .commitInterval(Duration.ofMillis(100))
            .maxConcurrency(8)
            .shutdownTimeout(Duration.ofSeconds(2))
            .drainTimeout(Duration.ofSeconds(2))
            .build();
    ParallelStreamProcessor<String, String> processor =
        ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(args[2]));
    processor.poll(
        context -> {
          String value = context.getSingleRecord().value();
          if (slow.contains(value)) {
            System.out.println("slow " + value);
            try {
              never.await();
            } catch (InterruptedException stopping) {
              throw new IllegalStateException("stopping", stopping);
            }
          }
          System.out.println("processed " + value);
        });
    while (System.in.read() != -1) {}
    processor.closeDontDrainFirst(Duration.ofSeconds(5));
    System.out.println("stopped");
    System.exit(0);
  }
}
