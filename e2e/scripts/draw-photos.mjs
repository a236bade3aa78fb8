// Draws the demo's bundled pictures (demo/public/photos) in a browser's canvas. They are committed: run this only to
// change them. `node e2e/scripts/draw-photos.mjs`
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const target = fileURLToPath(new URL('../../demo/public/photos/', import.meta.url));

/** Sky from top to horizon, the light in it, and the ridges from far to near. */
const SCENES = [
  {
    name: 'dawn-over-the-fjord',
    sky: ['#1c2b4a', '#e58a6b', '#f7d9a8'],
    sun: [0.68, 0.5, 0.07, '#fff3d6'],
    land: ['#7d6a80', '#4a4a6a', '#1f2740'],
    water: true,
  },
  {
    name: 'first-frost',
    sky: ['#7fb2d6', '#cfe6f2', '#f5fbff'],
    sun: [0.25, 0.3, 0.05, '#ffffff'],
    land: ['#a9c6d8', '#6f97b0', '#3c6480'],
  },
  {
    name: 'red-valley',
    sky: ['#2d1538', '#b8394b', '#f2a65a'],
    sun: [0.5, 0.56, 0.1, '#ffd9a0'],
    land: ['#8f2f3f', '#5a1e33', '#2a1024'],
  },
  { name: 'kelp-forest', sky: ['#0b6e75', '#0a4a58', '#062a38'], kelp: ['#0f5a4c', '#0a4238', '#052820'] },
  {
    name: 'night-watch',
    sky: ['#050a1c', '#14254f', '#37508a'],
    sun: [0.76, 0.24, 0.05, '#f4f1de'],
    land: ['#1d2d55', '#111c3a', '#080e20'],
    stars: true,
  },
  {
    name: 'meadow-in-june',
    sky: ['#4f9fd8', '#a6d5ee', '#e9f6e4'],
    sun: [0.2, 0.24, 0.06, '#fffbe0'],
    land: ['#8fc27a', '#5fa05a', '#2f7047'],
  },
  {
    name: 'dunes',
    sky: ['#f0c987', '#f6deb0', '#fdf2d8'],
    sun: [0.72, 0.3, 0.06, '#ffffff'],
    land: ['#e0a566', '#c98145', '#9c5a31'],
    smooth: true,
  },
  {
    name: 'northern-lights',
    sky: ['#04101f', '#0b2a3c', '#1b4a50'],
    land: ['#12303a', '#0b2029', '#050f16'],
    stars: true,
    aurora: true,
  },
  {
    name: 'harbour-blue-hour',
    sky: ['#182a55', '#3f5fa0', '#c9a6bd'],
    land: ['#39487c', '#232f5a', '#121a38'],
    water: true,
  },
  { name: 'autumn-ridge', sky: ['#d9d3c7', '#efe3cf', '#fbf3e2'], land: ['#d99a4e', '#b4602e', '#6b3420'] },
  {
    name: 'lavender-rain',
    sky: ['#6a6f9c', '#a5a2c8', '#dcd3e6'],
    land: ['#9a8fc0', '#6e639a', '#443c6e'],
    rain: true,
  },
  {
    name: 'tea-terraces',
    sky: ['#cfe8d5', '#e9f4dc', '#fdfbe8'],
    sun: [0.6, 0.22, 0.05, '#fffef0'],
    land: ['#96c9a0', '#4d9a74', '#1f6450'],
    smooth: true,
  },
];

const browser = await chromium.launch({
  executablePath: process.env.HOLDFAST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
await mkdir(target, { recursive: true });
for (const [index, scene] of SCENES.entries()) {
  const base64 = await page.evaluate(draw, { scene, seed: index + 1 });
  await writeFile(new URL(`${scene.name}.jpg`, `file://${target}`), Buffer.from(base64, 'base64'));
}
await browser.close();

/** Runs in the page. */
async function draw({ scene, seed }) {
  const [width, height] = [960, 640];
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext('2d');
  let state = seed * 2654435761;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  const gradient = (colours, from = 0, to = height) => {
    const fill = pen.createLinearGradient(0, from, 0, to);
    for (const [i, colour] of colours.entries()) fill.addColorStop(i / (colours.length - 1), colour);
    return fill;
  };
  const horizon = height * 0.62;
  pen.fillStyle = gradient(scene.sky, 0, scene.land ? horizon : height);
  pen.fillRect(0, 0, width, height);
  const paint = { stars, aurora, sun, land, water, kelp, rain };
  for (const part of ['stars', 'aurora', 'sun', 'land', 'water', 'kelp', 'rain']) if (scene[part]) paint[part]();
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
  return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));

  function stars() {
    for (let i = 0; i < 130; i++) {
      pen.fillStyle = `rgba(255,255,255,${0.2 + random() * 0.7})`;
      pen.fillRect(random() * width, random() * horizon * 0.9, 1 + random() * 1.4, 1 + random() * 1.4);
    }
  }
  function aurora() {
    pen.filter = 'blur(18px)';
    for (let band = 0; band < 3; band++) {
      const phase = random() * 6;
      for (let x = 0; x < width; x += 8) {
        const y = 130 + band * 50 + Math.sin(x / 130 + phase) * 46;
        pen.fillStyle = `hsla(${140 + band * 25},80%,60%,.10)`;
        pen.fillRect(x, y, 10, 130 + Math.sin(x / 60 + phase) * 40);
      }
    }
    pen.filter = 'none';
  }
  function sun() {
    const [x, y, size, colour] = scene.sun;
    const glow = pen.createRadialGradient(x * width, y * height, 0, x * width, y * height, size * width * 4);
    glow.addColorStop(0, `${colour}aa`);
    glow.addColorStop(1, `${colour}00`);
    pen.fillStyle = glow;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x * width, y * height, size * width, 0, 7);
    pen.fill();
  }
  function land() {
    for (const [depth, colour] of scene.land.entries()) {
      const base = horizon + depth * (scene.water && depth === 2 ? 130 : 52);
      const swing = 74 - depth * 12;
      const waves = Array.from({ length: scene.smooth ? 3 : 7 }, (_, i) => [
        random() * 6,
        swing / (i + 1.2),
        (i + 1) * (0.7 + random() * 0.5),
      ]);
      pen.fillStyle = gradient([colour, scene.land[Math.min(depth + 1, 2)]], base - 60, height);
      pen.beginPath();
      pen.moveTo(0, height);
      for (let x = 0; x <= width; x += 4) {
        pen.lineTo(
          x,
          base -
            waves.reduce((sum, [phase, size, pace]) => sum + Math.sin((x / width) * 6 * pace + phase) * size * 0.6, 0),
        );
      }
      pen.lineTo(width, height);
      pen.fill();
      if (scene.water && depth === 1) lake();
    }
  }
  function lake() {
    pen.fillStyle = gradient([scene.sky[2], scene.sky[1], scene.sky[0]], horizon + 50, height);
    pen.fillRect(0, horizon + 56, width, height);
  }
  function water() {
    for (let i = 0; i < 60; i++) {
      const y = horizon + 62 + random() * 120;
      pen.fillStyle = `rgba(255,255,255,${0.03 + random() * 0.08})`;
      pen.fillRect(random() * width, y, 40 + random() * 180, 1.6);
    }
  }
  function kelp() {
    for (const [depth, colour] of scene.kelp.entries()) {
      for (let blade = 0; blade < 9; blade++) {
        let x = random() * width;
        const phase = random() * 6;
        pen.strokeStyle = colour;
        pen.lineWidth = 8 + depth * 7;
        pen.lineCap = 'round';
        pen.beginPath();
        pen.moveTo(x, height + 20);
        for (let y = height; y > 60 + random() * 60 + (2 - depth) * 40; y -= 16) {
          x += Math.sin(y / 70 + phase) * 5;
          pen.lineTo(x, y);
        }
        pen.stroke();
      }
    }
    const light = gradient(['#d9fff433', '#d9fff400']);
    pen.fillStyle = light;
    for (const x of [160, 420, 700]) {
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x + 110, 0);
      pen.lineTo(x + 40, height);
      pen.lineTo(x - 130, height);
      pen.fill();
    }
  }
  function rain() {
    pen.strokeStyle = 'rgba(255,255,255,.16)';
    pen.lineWidth = 1;
    for (let i = 0; i < 130; i++) {
      const [x, y] = [random() * width, random() * height];
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x - 7, y + 26);
      pen.stroke();
    }
  }
}
