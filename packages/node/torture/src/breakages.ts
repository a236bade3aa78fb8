import {
  bitProblem,
  cutProblem,
  readerProblem,
  relaxedProblem,
  tailProblem,
  takeoverProblem,
} from './first-problem.js';
import { mailProblem } from './mail-cuts.js';

/** A way in which the built store could be broken. */
export interface Breakage {
  readonly name: string;
  /** In the folder of the built package. */
  readonly file: string;
  /** Stands in it once. */
  readonly from: string;
  readonly to: string;
  /** Finds what is wrong with it. */
  readonly find: (seed: number) => Promise<string | undefined>;
}

const WRITER = 'log/log-writer.js';
const INTAKE = 'mail/intake.js';

export const BREAKAGES: readonly Breakage[] = [
  {
    name: 'no sync of a batch',
    file: WRITER,
    from: 'if (sync)\n                await file.datasync();',
    to: '',
    find: cutProblem,
  },
  {
    name: 'acknowledged while the sync is under way',
    file: WRITER,
    from: 'if (sync)\n                await file.datasync();',
    to: 'if (sync)\n                void file.datasync();',
    find: cutProblem,
  },
  {
    name: 'what was not synced is said to be',
    file: WRITER,
    from: 'if (sync)\n            this.#allSynced();\n        else {',
    to: 'this.#allSynced();\n        if (false) {',
    find: cutProblem,
  },
  {
    name: 'no sync of a new segment',
    file: 'log/batch.js',
    from: 'await file.datasync();',
    to: '',
    find: cutProblem,
  },
  {
    name: 'no sync of the folder after a new segment',
    file: WRITER,
    from: 'await fileSystem.syncFolder(directory);',
    to: '',
    find: cutProblem,
  },
  {
    name: 'a new segment is built upon the remains of one',
    file: 'log/batch.js',
    from: 'await fileSystem.remove(draft);',
    to: '',
    find: cutProblem,
  },
  {
    name: 'no fence check before the acknowledgement',
    file: WRITER,
    from: 'await file.datasync();\n            await this.#options.assertNewest();\n        }\n        catch (error) {\n            await this.#undo',
    to: 'await file.datasync();\n        }\n        catch (error) {\n            await this.#undo',
    find: takeoverProblem,
  },
  {
    name: 'of the segment before more is said to count than is known to be synced',
    file: WRITER,
    from: 'const { length, line } = this.#synced;',
    to: 'const { length, line } = { length: this.length, line: this.#line };',
    find: cutProblem,
  },
  {
    name: 'what was not synced is not written anew by the next segment',
    file: WRITER,
    from: 'const lines = this.#unsure.filter(',
    to: 'const lines = [].filter(',
    find: cutProblem,
  },
  {
    name: 'what was not synced is not written anew by a new owner',
    file: 'log/recover.js',
    from: 'unsure: lines, lastBatch',
    to: 'unsure: [], lastBatch',
    find: cutProblem,
  },
  {
    name: 'what is not known to be synced counts as if it were',
    file: 'log/log-view.js',
    from: 'lines.filter(({ line }) => line.batch <= synced)',
    to: 'lines.filter(() => true)',
    find: cutProblem,
  },
  {
    name: 'no cut of an unfinished end',
    file: 'log/scan.js',
    from: 'if (!isNext(stretch, last)) {\n            tornAt',
    to: 'if (!stretch.line)\n            continue;\n        if (false) {\n            tornAt',
    find: cutProblem,
  },
  {
    name: 'damage is cut off like an unfinished end',
    file: 'log/scan.js',
    from: 'if (cut && synced >= next)',
    to: 'if (false)',
    find: bitProblem,
  },
  {
    name: 'what stands after damage is not asked what was synced',
    file: 'log/scan.js',
    from: 'if (line.line > (last?.line ?? 0))',
    to: 'if (false)',
    find: bitProblem,
  },
  {
    name: 'older segments no longer count before what they held is synced elsewhere',
    file: 'log/compaction.js',
    from: 'await writer.sync();',
    to: '',
    find: readerProblem,
  },
  {
    name: 'a segment is removed before it is synced that it no longer counts',
    file: 'log/compaction.js',
    from: "[{ kind: 'oldest', file: next.file }], { durable: true }",
    to: "[{ kind: 'oldest', file: next.file }], { durable: false }",
    find: cutProblem,
  },
  {
    name: 'places in the inbox begin anew with a new segment',
    file: 'log/state.js',
    from: 'this.#lastN = Math.max(this.#lastN, lastN);',
    to: 'this.#lastN = 0;',
    find: cutProblem,
  },
  {
    name: 'no sync of attachments',
    file: 'attachment-files.js',
    from: 'await handle.datasync();',
    to: '',
    find: cutProblem,
  },
  {
    name: 'no sync of the folder of attachments',
    file: 'attachment-files.js',
    from: 'await this.#fileSystem.syncFolder(this.#folder);',
    to: '',
    find: cutProblem,
  },
  {
    name: 'attachments are removed before it is synced that nothing needs them',
    file: 'log/owned-log.js',
    from: ' || !this.#writer.isSynced',
    to: '',
    find: relaxedProblem,
  },
  {
    name: 'attachments of a later owner are removed',
    file: 'attachment-files.js',
    from: ' && epochOf(file) <= this.#epoch',
    to: '',
    find: takeoverProblem,
  },
  {
    name: 'attachments are not checked',
    file: 'attachment-files.js',
    from: ' || checksum(bytes) !== ref.crc',
    to: '',
    find: bitProblem,
  },
  {
    name: 'lines are not checked',
    file: 'log/line.js',
    from: 'if (!beginsWith(bytes, crc32(bytes.subarray(CRC_DIGITS + 1))))',
    to: 'if (false)',
    find: bitProblem,
  },
  {
    name: 'a cut end is not reported',
    file: 'log/recover.js',
    from: "onReport({ code: 'TAIL_CUT', ...tail });",
    to: ';',
    find: tailProblem,
  },
  {
    name: 'no sync of mail',
    file: 'mail/sender.js',
    from: 'await file.datasync();',
    to: '',
    find: mailProblem,
  },
  {
    name: 'no sync of the folder of mail before the acknowledgement',
    file: 'mail/sender.js',
    from: 'if (failures.includes(undefined))',
    to: 'if (false)',
    find: mailProblem,
  },
  {
    name: 'mail is removed before its line is written',
    file: INTAKE,
    from: 'const failures = [];',
    to: 'const failures = [];\n        for (const { file } of held)\n            await this.#remove(file);',
    find: mailProblem,
  },
  {
    name: 'the id of mail is forgotten before its removal is synced',
    file: INTAKE,
    from: 'if (settled.length > 0)\n            await fileSystem.syncFolder(mailPath(this.#options));',
    to: '',
    find: mailProblem,
  },
  {
    name: 'mail that is in the log is taken again',
    file: INTAKE,
    from: 'if (before !== undefined)',
    to: 'if (false)',
    find: mailProblem,
  },
  {
    name: 'mail under two names is two',
    file: INTAKE,
    from: 'const twin = submitted.get(one.mail.id);',
    to: 'const twin = undefined;',
    find: mailProblem,
  },
];
