import { describe, expect, it } from '@jest/globals';
import { membersReading } from '../../activities/groups/membership.js';
import { wantsTopic } from '../../src/kafka/topic-pattern.js';

describe('a subscription by pattern', () => {
  // What com.google.re2j 1.8, which Kafka 4.2 has, answers to Pattern.compile(pattern).matcher(topic).matches().
  it.each([
    ['orders', 'orders', true],
    ['orders', 'orders-eu', false],
    ['orders|refunds', 'refunds', true],
    ['order.', 'orders', true],
    ['^orders$', 'orders', true],
    ['(?i)ORDERS', 'orders', true],
    ['(?i:ORD)ers', 'orders', true],
    ['\\Qorders\\E.*', 'orders-eu', true],
    ['\\Qorders', 'orders', true],
    ['\\Aorders\\z', 'orders', true],
    ['[[:alpha:]]+', 'orders', true],
    ['[^[:^alpha:]]+', 'orders', true],
    ['\\pL+', 'orders', true],
    ['\\p{Latin}+', 'orders', true],
    ['\\p{Greek}+', 'orders', false],
    ['(?P<a>o)rders', 'orders', true],
    ['\\x{6f}rders', 'orders', true],
    ['[\\p{L}&&[^x]]+', 'orders', false],
    ['', 'orders', false],
  ])('of %j wants %s as the broker says: %s', (pattern, topic, wants) => {
    expect(wantsTopic(pattern, topic)).toBe(wants);
  });

  it.each([
    ['(?=o)orders', 'of no group that RE2 has'],
    ['(o)\\1rders', 'that refers back'],
    ['orders\\Z', 'with an anchor that RE2 has not'],
    ['o{1,1001}', 'that repeats more often than RE2 does'],
    ['(', 'that does not end'],
    ['x'.repeat(10_001), 'that is too long'],
    ['[ab]{1000}'.repeat(30), 'that is large once it is written out'],
  ])('of %.20s, %s, may want any topic', (pattern) => {
    expect(wantsTopic(pattern, 'orders')).toBeUndefined();
    const member = { memberId: 'm', clientId: 'c', host: '/h', subscribed: [], assigned: [] };
    const facts = { group: 'g', protocol: 'consumer', state: 'stable' } as const;
    const reading = membersReading(
      { ...facts, members: [{ ...member, subscribedPattern: pattern }] },
      new Set(['orders']),
    );
    expect(reading).toHaveLength(1);
  });

  it('ends on a pattern that backtracking would never be done with', () => {
    expect(wantsTopic('([a-z]+-?)+\\.events', 'a'.repeat(249))).toBe(false);
  });
});
