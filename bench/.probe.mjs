import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from '@playwright/test';
import { build } from 'esbuild';

const rounds = Number(process.argv[2] ?? 3),
  steps = Number(process.argv[3] ?? 500),
  only = process.argv[4];
const src = `
import { sequential, context } from './in-worker.mjs';
import { sameRequests } from './idb-loops.mjs';
import { variants } from './.variants.mjs';
const P = { sequential, sameRequests, context, ...variants };
self.onmessage = async ({ data: { program, params } }) => { try { self.postMessage({ result: await P[program](params) }); } catch (e) { self.postMessage({ error: e.stack ?? String(e) }); } };
`;
const bundle = (alias) =>
  build({
    alias,
    stdin: { contents: src, resolveDir: 'bench/browser' },
    bundle: true,
    minify: !process.env.PROFILE,
    format: 'esm',
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
  });
const js = (await bundle({})).outputFiles[0].text;
const { resolve } = await import('node:path');
const base = (
  await bundle({ '@holdfast/browser/store': resolve('bench/.work/base/packages/browser/src/store/index.ts') })
).outputFiles[0].text;
const server = createServer((q, r) => {
  if (q.url === '/w.js') {
    r.setHeader('content-type', 'text/javascript');
    r.end(js);
  } else if (q.url === '/b.js') {
    r.setHeader('content-type', 'text/javascript');
    r.end(base);
  } else {
    r.setHeader('content-type', 'text/html');
    r.end('<!doctype html>');
  }
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const jobs = [];
for (const durability of ['relaxed', 'strict'])
  for (const program of ['two', 'one', 'base', 'sequential'])
    if (!only || only.split(',').some((o) => `${program}:${durability}`.startsWith(o) || o === durability))
      jobs.push({ program, durability });
const samples = {},
  cpu = {};
const { readdirSync, readFileSync } = await import('node:fs');
const mark = '';
function cpuOf() {
  const procs = new Map();
  for (const d of readdirSync('/proc')) {
    if (!/^\d+$/.test(d)) continue;
    try {
      const st = readFileSync(`/proc/${d}/stat`, 'utf8');
      const f = st.slice(st.lastIndexOf(')') + 2).split(' ');
      procs.set(Number(d), { ppid: Number(f[1]), t: (Number(f[11]) + Number(f[12])) * 10 });
    } catch {}
  }
  let sum = 0;
  for (const [pid, { t }] of procs) {
    for (let p = pid; p > 1; p = procs.get(p)?.ppid ?? 0)
      if (p === process.pid && pid !== process.pid) {
        sum += t;
        break;
      }
  }
  return sum;
}
for (let r = 0; r < rounds; r++) {
  mkdirSync('bench/.work', { recursive: true });
  const profile = mkdtempSync('bench/.work/p-');
  const ctx = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  });
  for (const { program, durability } of jobs) {
    const page = await ctx.newPage();
    const file = program === 'base' ? '/b.js' : '/w.js';
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    let session, sid;
    const params = { name: `b-${program}-${durability}`, steps, warmUp: 200, durability };
    if (process.env.PROFILE && program === 'sequential') {
      session = await ctx.newCDPSession(page);
      let id = 0;
      const waiting = new Map();
      session.on('Target.receivedMessageFromTarget', ({ message }) => {
        const m = JSON.parse(message);
        waiting.get(m.id)?.(m.result);
      });
      session.on('Target.attachedToTarget', ({ sessionId }) => {
        sid = sessionId;
        void (async () => {
          await send('Profiler.enable');
          await send('Profiler.setSamplingInterval', { interval: 200 });
          await send('Profiler.start');
        })();
      });
      var send = (method, params = {}) =>
        new Promise((ok) => {
          waiting.set(++id, ok);
          void session.send('Target.sendMessageToTarget', {
            sessionId: sid,
            message: JSON.stringify({ id, method, params }),
          });
        });
      await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    }
    const cpuBefore = cpuOf();
    const v = await page.evaluate(
      ([program, params, file]) =>
        new Promise((res, rej) => {
          const w = new Worker(file, { type: 'module' });
          w.onerror = (e) => rej(new Error(e.message));
          w.onmessage = ({ data }) => (data.error ? rej(new Error(data.error)) : res(data.result));
          w.postMessage({ program: program === 'base' ? 'sequential' : program, params });
        }),
      [program, params, file],
    );
    (samples[`${program}:${durability}`] ??= []).push(v['steps/s']);
    (cpu[`${program}:${durability}`] ??= []).push(cpuOf() - cpuBefore);
    if (sid) {
      const { profile } = await send('Profiler.stop');
      writeFileSync(`/tmp/bs/${program}-${durability}.cpuprofile`, JSON.stringify(profile));
    }
    await page.close();
  }
  await ctx.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
}
const med = (a) => [...a].sort((x, y) => x - y)[Math.floor(a.length / 2)];
for (const [k, a] of Object.entries(samples)) {
  const d = k.split(':')[1];
  const base = samples[`two:${d}`];
  console.log(
    k.padEnd(24),
    a
      .map((x) => x.toFixed(0))
      .join(' ')
      .padEnd(40),
    'median',
    med(a).toFixed(0),
    base
      ? `cpu/step ${med(cpu[k].map((x) => x / (steps + (/two|one/.test(k) ? 0 : 200)))).toFixed(2)} ratio ${med(a.map((x, i) => x / base[i])).toFixed(2)}`
      : '',
  );
}
server.close();
