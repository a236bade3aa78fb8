import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createServer, preview } from 'vite';

/** A folder of `e2e/pages`, built and served. */
export interface ServedPages {
  /** `http://localhost:<port>`: a secure context. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `e2e/pages/<folder>/index.html` as it is, as an app in development. */
export async function serveSource(folder: string): Promise<ServedPages> {
  const root = fileURLToPath(new URL(`../pages/${folder}/`, import.meta.url));
  const cacheDir = mkdtempSync(join(tmpdir(), 'holdfast-vite-'));
  const server = await createServer({
    root,
    cacheDir,
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: mutantOfBrowser() },
    // What Vite finds later that it has to bundle would reload the page.
    optimizeDeps: { noDiscovery: true },
    server: { port: 0, host: '127.0.0.1' },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (!address || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://localhost:${address.port}`,
    port: address.port,
    async close() {
      await server.close();
      rmSync(cacheDir, { recursive: true, force: true });
    },
  };
}

/** Builds `e2e/pages/<folder>/index.html` as an app would be, and serves it on a free port. */
export async function servePages(folder: string): Promise<ServedPages> {
  const root = fileURLToPath(new URL(`../pages/${folder}/`, import.meta.url));
  const outDir = mkdtempSync(join(tmpdir(), 'holdfast-pages-'));
  const base = { root, configFile: false, logLevel: 'warn', resolve: { alias: mutantOfBrowser() } } as const;
  await build({
    ...base,
    build: { outDir, emptyOutDir: true, minify: false, target: 'es2022' },
    worker: { format: 'es' },
  });
  const server = await preview({
    ...base,
    build: { outDir },
    preview: { port: 0, host: '127.0.0.1', allowedHosts: true },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://localhost:${address.port}`,
    port: address.port,
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

/** Where pages get the browser package from: `HOLDFAST_BROWSER_DIST` in place of its dist folder, where there is one. */
function mutantOfBrowser(): { find: RegExp; replacement: string }[] {
  const dist = process.env.HOLDFAST_BROWSER_DIST;
  if (!dist) return [];
  const { exports } = JSON.parse(readFileSync(new URL('../../packages/browser/package.json', import.meta.url), 'utf8'));
  return Object.entries<{ default?: string }>(exports).flatMap(([entry, { default: file }]) =>
    file === undefined
      ? []
      : [{ find: new RegExp(`^@holdfast/browser${entry.slice(1)}$`), replacement: file.replace('./dist', dist) }],
  );
}
