import { forwardTo, setup } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

type Approve = { type: 'APPROVE'; by: string };
const types = {} as { events: Approve | { type: 'REMARK'; text: string } };

const approval = fromSteps({ types }, async ({ step, waitForEvent, now }) => {
  const begun = now();
  await step('ask', () => note('ask'));
  const late = await waitForEvent('first', { type: 'APPROVE', timeout: '1h' }).catch(({ code }) => code as string);
  await step('remind', () => note('remind', late));
  const match = ({ by }: Approve) => by !== 'bob';
  const { by } = await waitForEvent('second', { type: 'APPROVE', match, timeout: '1d' });
  return { by, took: now() - begun };
});

const before = fromSteps({ types }, async ({ sleep, step, waitForEvent, emit }) => {
  await sleep('nap', '1h');
  const { text } = await waitForEvent('remark', { type: 'REMARK' });
  emit({ type: 'HEARD' });
  await step('note', () => note('heard', text));
  return (await waitForEvent('either', { type: ['APPROVE', 'REMARK'], timeout: '1h' })).type;
});

const parallel = fromSteps({ types }, async ({ step, waitForEvent, sleep }) => {
  const waits = ['a', 'b'].map(async (name) => {
    const { text } = await waitForEvent(name, { type: 'REMARK' });
    await step(`note ${name}`, () => note(name, text));
    return text;
  });
  const timer = sleep('long', '2h').then(() => 'slept');
  return Promise.all([...waits, timer]);
});

const gather = fromSteps({ types }, async ({ step, waitForEvent }) => {
  const got: string[] = [];
  for (const n of [1, 2, 3]) {
    const { by } = await waitForEvent(`approval ${n}`, { type: 'APPROVE' });
    await step(`note ${n}`, () => note('got', by));
    got.push(by);
  }
  return got;
});

const forwarding = setup({
  types: { events: {} as Approve | { type: 'ODD' }, context: {} as { got: string[] } },
  actors: { gather },
}).createMachine({
  context: { got: [] },
  initial: 'on',
  states: {
    on: {
      invoke: { src: 'gather', id: 'gather', onDone: { target: 'over', actions: mark('done') } },
      on: { APPROVE: { actions: [mark('forwarding'), forwardTo('gather')] } },
    },
    over: { type: 'final' },
  },
});

const by = (who: string) => ({ type: 'APPROVE', by: who }) as const;
const remark = (text: string) => ({ type: 'REMARK', text }) as const;

export const eventWaits: readonly Entry[] = [
  entry('steps: an approval with a deadline, and a reminder', approval, {
    events: [{ send: by('bob'), after: '90m' }, remark('nobody asked'), by('ann')],
  }),
  entry('steps: events before their waits', before, {
    events: [remark('early'), { send: by('ann'), after: '30m' }],
  }),
  entry('steps: two parallel waits for one type', parallel, {
    events: [remark('one'), { send: remark('two'), after: '2h' }, remark('three')],
  }),
  entry('steps: an invoked function that is forwarded events', forwarding, {
    events: [by('ann'), by('ben'), { type: 'ODD' }, by('cleo')],
  }),
];
