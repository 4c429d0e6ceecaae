// A client that answers as told and writes down what it was sent.
import { refOf, type ApiObject } from '../../../operator/kube/api.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { failure, success, type KubeResult } from '../../../operator/kube/fault.ts';

export interface RecordingClient extends KubeClient {
  readonly calls: string[];
  readonly sent: ApiObject[];
  /** By `<verb> <name>`; what is not named succeeds. */
  readonly answers: Map<string, KubeResult<ApiObject>>;
}

export function recordingClient(): RecordingClient {
  const calls: string[] = [];
  const sent: ApiObject[] = [];
  const answers: RecordingClient['answers'] = new Map();
  let version = 100;
  const write =
    (verb: string) =>
    async (object: ApiObject): Promise<KubeResult<ApiObject>> => {
      const call = `${verb} ${refOf(object).name}`;
      calls.push(call);
      sent.push(object);
      version += 1;
      const metadata = {
        ...object.metadata,
        uid: object.metadata.uid ?? 'made',
        resourceVersion: String(version),
      };
      return answers.get(call) ?? success({ ...object, metadata });
    };
  return {
    calls,
    sent,
    answers,
    apply: write('apply'),
    applyStatus: write('status'),
    create: write('create'),
    update: write('update'),
    async get({ name }) {
      calls.push(`get ${name}`);
      return answers.get(`get ${name}`) ?? failure('notFound', 'none');
    },
    async remove({ name }, { uid, resourceVersion }) {
      calls.push(`delete ${name} ${uid}@${resourceVersion}`);
      const answer = answers.get(`delete ${name}`);
      return answer === undefined || answer.ok ? success(null) : answer;
    },
    list: () => Promise.resolve(failure('server', 'not scripted')),
    watch: () => Promise.resolve(failure('server', 'not scripted')),
  };
}
