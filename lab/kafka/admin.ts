import type { Admin, Kafka } from 'kafkajs';

/** Uses an administrator's client of kafkajs and closes it, also when it could not connect. */
export async function withAdmin<Answer>(
  kafka: Kafka,
  use: (admin: Admin) => Promise<Answer>,
): Promise<Answer> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
