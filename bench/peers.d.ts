// What only the bench installs, for itself: it is checked without them, and they are taken as they come.

declare module '@dbos-inc/dbos-sdk';
declare module '@effect/*';
declare module '@restatedev/*';
declare module 'dexie';
declare module 'effect';
declare module 'esbuild';
declare module 'idb';
declare module 'openworkflow';
declare module 'openworkflow/*';
declare module 'postgres';
declare module 'workbox-background-sync';
declare module 'workbox-background-sync/*';
