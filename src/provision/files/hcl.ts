/** A value in Terraform's language: a text, or an expression as it stands. */
export type HclValue = string | boolean | { expression: string };

export interface HclBlock {
  /** `resource "aiven_kafka_topic" "orders"`: the type and its labels. */
  type: string;
  labels?: readonly string[];
  body: readonly (readonly [name: string, value: HclValue])[];
  blocks?: readonly HclBlock[];
}

/** Text as a template of HCL that stands for itself: nothing in it is looked up or carried out. */
export function hclText(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(/([$%])\{/g, '$1$1{');
  return `"${escaped}"`;
}

/** As `terraform fmt` lays it out. */
export function hcl(blocks: readonly HclBlock[]): string {
  return blocks.map((block) => blockText(block, '')).join('\n');
}

function blockText({ type, labels = [], body, blocks = [] }: HclBlock, indent: string): string {
  const inner = `${indent}  `;
  const width = Math.max(0, ...body.map(([name]) => name.length));
  const lines = body.map(([name, value]) => `${inner}${name.padEnd(width)} = ${valueText(value)}\n`);
  const nested = blocks.map((block) => `${lines.length > 0 ? '\n' : ''}${blockText(block, inner)}`);
  return `${indent}${[type, ...labels.map(hclText)].join(' ')} {\n${lines.join('')}${nested.join('')}${indent}}\n`;
}

function valueText(value: HclValue): string {
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? hclText(value) : value.expression;
}

/** A name of Terraform: letters, digits, `_` and `-`, and no digit first. */
export function hclName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/g, '_').replace(/^(?![A-Za-z_])/, '_');
}
