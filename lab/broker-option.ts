import { InvalidArgumentError } from 'commander';
import { type BrokerCount, brokerCounts } from './lab.js';

/** The option `--brokers`, as every program takes it that starts a lab. */
export const brokersOption = [
  '--brokers <n>',
  `how many brokers each cluster has: ${brokerCounts.join(' or ')}`,
  (text: string): BrokerCount => {
    const found = brokerCounts.find((count) => String(count) === text);
    if (!found) throw new InvalidArgumentError(`expected ${brokerCounts.join(' or ')}.`);
    return found;
  },
] as const;
