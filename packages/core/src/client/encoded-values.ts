import { decode, encodeGiven, type Revivers } from '../codec/index.js';
import type { Encoded, Values } from './protocol.js';

/** What a context may refer to is shown, not handed out. */
const shown: Revivers = { ActorRef: ({ id }: { id: string }) => ({ id }), MachineSnapshot: (data: never) => data };

/** As a host has them: within a process nothing stands between it and its clients. */
export const encodedValues: Values<Encoded> = {
  give: encodeGiven,
  take: (given) => decode(given, shown),
};
