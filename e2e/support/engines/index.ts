import { chromium } from './chromium.js';
import type { Engine } from './engine.js';
import { firefox } from './firefox.js';
import { webkitgtk } from './webkitgtk.js';

export const ENGINES: readonly Engine[] = [chromium, firefox, webkitgtk];
