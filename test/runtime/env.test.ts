import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEnv } from '../../runtime/env.ts';

describe('environment', () => {
  it('names variable, value and mend of every fault at once', () => {
    const env = readEnv({ PORT: '80x', LEVEL: 'loud', EMPTY: ' ' });
    assert.equal(env.integer('PORT', { fallback: 8084, min: 0, max: 65_535 }), 8084);
    assert.equal(env.choice('LEVEL', ['info', 'warn'], 'info'), 'info');
    assert.equal(env.required('EMPTY', 'the Deployment sets it'), '');
    assert.deepEqual(env.faults(), [
      'PORT is "80x": it has to be an integer from 0 to 65535',
      'LEVEL is "loud": it has to be one of info, warn',
      'EMPTY is not set: the Deployment sets it',
    ]);
  });

  it('takes an unset or empty variable as the fall-back without a fault', () => {
    const env = readEnv({ PORT: '' });
    assert.equal(env.integer('PORT', { fallback: 8084, min: 0, max: 65_535 }), 8084);
    assert.deepEqual(env.list('SERVERS'), []);
    assert.deepEqual(env.faults(), []);
  });

  it('takes a URL of the named protocols, and shows no password of one that it refuses', () => {
    const env = readEnv({ GOOD: 'http://user:secret@proxy:3128', BAD: 'socks5://user:secret@proxy:1080' });
    assert.equal(env.url('GOOD', ['http:'])?.host, 'proxy:3128');
    assert.equal(env.url('BAD', ['http:', 'https:']), undefined);
    assert.equal(env.url('UNSET', ['http:']), undefined);
    assert.deepEqual(env.faults(), [
      'BAD is "socks5://…@proxy:1080": it has to be http://host:port or https://host:port',
    ]);
  });

  it('splits a list at commas and drops what is empty', () => {
    assert.deepEqual(readEnv({ SERVERS: ' nats://a:4222, ,nats://b:4222,' }).list('SERVERS'), [
      'nats://a:4222',
      'nats://b:4222',
    ]);
  });
});
