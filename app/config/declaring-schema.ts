import { z } from 'zod';

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

const folder = text('expected the folder for the files');

const kubernetesName = (expected: string) =>
  z.string({ error: expected }).regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: expected });

/** As `var.project`, `aiven_kafka.main["a"].service_name`, or a text in quotes without anything to be filled in. */
const terraformExpression = (expected: string) =>
  z
    .string({ error: expected })
    .regex(/^([A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*|\[(\d+|"[\w-]+")\])*|"[^"\\$%\n]+")$/, { error: expected });

/** Topic resources, which a controller of the platform carries out. */
export const nais = z.strictObject({
  kind: z.literal('nais'),
  pool: text('expected the name of a pool, for example nav-prod'),
  namespace: kubernetesName('expected the namespace of the Topics'),
  folder,
});

/** Files that a pipeline or a person applies. */
export const files = z.discriminatedUnion(
  'format',
  [
    z.strictObject({
      kind: z.literal('files'),
      format: z.literal('terraform-aiven'),
      project: terraformExpression('expected an expression of Terraform, for example var.project'),
      service: terraformExpression(
        'expected an expression of Terraform, for example aiven_kafka.main.service_name',
      ),
      folder,
    }),
    z.strictObject({
      kind: z.literal('files'),
      format: z.literal('strimzi'),
      cluster: text('expected the name of the Kafka resource'),
      namespace: kubernetesName('expected a namespace').optional(),
      folder,
    }),
  ],
  { error: 'expected terraform-aiven or strimzi' },
);
