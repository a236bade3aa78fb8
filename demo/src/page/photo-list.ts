import { numberOf, type Photo } from '../workflow/photo.js';
import { byId, element, setText } from './element.js';
import { STAGES, type Stage, type StageStatus, type StagesByPhoto } from './stages.js';

interface Card {
  readonly root: HTMLElement;
  readonly stages: HTMLElement;
  readonly url: string;
}

/**
 * Owns the grid of photos and the object URLs of their pictures.
 * 1. A card is made once an import and photo; an update changes its marks only.
 */
export class PhotoList {
  readonly #panel = byId('photos');
  readonly #list = byId('photo-list');
  #cards: Card[] = [];

  show(photos: readonly Photo[], stages: StagesByPhoto, skipped: readonly string[]): void {
    this.#panel.hidden = photos.length === 0;
    if (this.#cards.length !== photos.length) this.#make(photos);
    for (const [index, { name }] of photos.entries()) {
      const card = this.#cards[index];
      if (card) mark(card, stages.get(numberOf(index)), skipped.includes(name));
    }
  }

  clear(): void {
    for (const { url } of this.#cards) URL.revokeObjectURL(url);
    this.#cards = [];
    this.#list.replaceChildren();
    this.#panel.hidden = true;
  }

  #make(photos: readonly Photo[]): void {
    this.clear();
    this.#panel.hidden = false;
    this.#cards = photos.map(makeCard);
    this.#list.append(...this.#cards.map(({ root }) => root));
  }
}

function makeCard({ name, image }: Photo): Card {
  const url = URL.createObjectURL(image);
  const stages = element('span', { class: 'stages' }, ...STAGES.map(() => element('i')));
  const label = element('span', { class: 'sr' });
  const picture = element('img', { src: url, alt: '', loading: 'lazy' });
  const caption = element('span', { class: 'name' }, name.replace(/\.\w+$/, '').replaceAll('-', ' '));
  return { root: element('li', { class: 'photo' }, picture, caption, label, stages), stages, url };
}

function mark({ root, stages }: Card, status: ReadonlyMap<Stage, StageStatus> | undefined, skipped: boolean): void {
  const done = STAGES.filter((stage) => status?.get(stage) === 'completed').length;
  for (const [index, stage] of STAGES.entries()) {
    stages.children[index]?.setAttribute('data-status', status?.get(stage) ?? 'open');
  }
  root.dataset.state = skipped ? 'skipped' : done === STAGES.length ? 'done' : 'open';
  const text = skipped ? 'not a picture, skipped' : `${done} of ${STAGES.length} steps done`;
  setText(root.querySelector('.sr') as HTMLElement, text);
}
