import java.io.FileReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Consumers that assign partitions to themselves, as Flink and Spark do: they commit for a group and never join it. Each
 * prints the records that it processes, as {@code processed <id> <value>}. They stop, committing, when standard input ends.
 *
 * <p>Arguments: a file of client properties, then a group id, a topic and how often it commits (ms) for each.
 */
public class PinnedApp {
  private static final AtomicBoolean stopping = new AtomicBoolean();

  public static void main(String[] args) throws Exception {
    List<Thread> consumers = new ArrayList<>();
    for (int at = 1; at < args.length; at += 3)
      consumers.add(start(args[0], args[at], args[at + 1], args[at + 2]));
    while (System.in.read() != -1) {}
    stopping.set(true);
    for (Thread consumer : consumers) consumer.join();
    System.exit(0);
  }

  private static Thread start(String properties, String id, String topic, String commitsEvery)
      throws Exception {
    Properties config = new Properties();
    try (FileReader file = new FileReader(properties, StandardCharsets.UTF_8)) {
      config.load(file);
    }
    config.put("group.id", id);
    config.put("auto.offset.reset", "earliest");
    config.put("enable.auto.commit", "true");
    config.put("auto.commit.interval.ms", commitsEvery);
    config.put("key.deserializer", StringDeserializer.class.getName());
    config.put("value.deserializer", StringDeserializer.class.getName());
    Thread thread =
        new Thread(
            () -> {
              try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config)) {
                consumer.assign(
                    consumer.partitionsFor(topic).stream()
                        .map(one -> new TopicPartition(one.topic(), one.partition()))
                        .toList());
                while (!stopping.get())
                  for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100)))
                    System.out.println("processed " + id + " " + each.value());
              }
            });
    thread.start();
    return thread;
  }
}
