import type { NatsConnection } from '@nats-io/nats-core';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { serverTooOld } from '../../contract/stream-refusals.ts';
import { reasonOf } from '../../runtime/reason.ts';
import { ok, warning, wrong, type Finding } from './finding.ts';

/** A server shuts JetStream down when its disk is full: there is still time at this share. */
const NEARLY_FULL = 0.9;

/** `stream`: the data stream that feeds write to. */
export async function checkNats(connection: NatsConnection, stream: string): Promise<readonly Finding[]> {
  const server = connection.getServer();
  const version = connection.info?.version;
  const old = serverTooOld(server, version);
  const head =
    old === undefined
      ? ok('nats', `nats-server ${version ?? 'of unknown version'} at ${server}`)
      : wrong('nats', old.message, 'upgrade nats-server');
  if (connection.info?.jetstream !== true) {
    const mend = 'start nats-server with -js and a store directory, or enable JetStream for this account';
    return [head, wrong('jetstream', `${server} has none`, mend)];
  }
  try {
    const manager = await jetstreamManager(connection);
    return [head, await accountFinding(manager), await streamFinding(manager, stream)];
  } catch (error) {
    const mend = 'grant the user $JS.API.INFO and $JS.API.STREAM.INFO.* (docs/nats-security.md)';
    return [head, wrong('jetstream', `does not answer: ${reasonOf(error)}`, mend)];
  }
}

async function accountFinding(manager: JetStreamManager): Promise<Finding> {
  const { storage, limits } = await manager.getAccountInfo();
  const said = `${mebibytes(storage)} MiB stored`;
  if (limits.max_storage <= 0) return ok('jetstream', said);
  const of = `${said} of ${mebibytes(limits.max_storage)} MiB that the account may`;
  if (storage < limits.max_storage * NEARLY_FULL) return ok('jetstream', of);
  return warning('jetstream', of, "lower jetstream.maxBytes of feeds, or raise the account's max_file");
}

async function streamFinding(manager: JetStreamManager, stream: string): Promise<Finding> {
  const check = `stream ${stream}`;
  try {
    const { state, config } = await manager.streams.info(stream);
    const held = `${state.messages} messages, ${mebibytes(state.bytes)} MiB, last sequence ${state.last_seq}`;
    const isFull = config.max_bytes > 0 && state.bytes >= config.max_bytes * NEARLY_FULL;
    if (isFull && config.discard === 'new')
      return warning(
        check,
        `${held}: nearly full, and discard is new: what comes then is refused`,
        'raise jetstream.maxBytes, or set jetstream.discard: old',
      );
    return ok(check, held);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
    const mend = 'nothing to do: the operator, or "marketprism collect", makes it when a feed needs it';
    return warning(check, 'not there yet', mend);
  }
}

const mebibytes = (bytes: number): string => (bytes / (1 << 20)).toFixed(1);
