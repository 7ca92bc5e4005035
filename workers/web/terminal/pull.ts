/** Pulling the screen down where there is nothing above it any more: far enough, it asks for what was there before. */

export interface Pull {
  /** Finger movement in CSS pixels, down is positive. */
  by(deltaPx: number): void;
  /** True while the screen is held below its place. */
  isPulled(): boolean;
  release(): void;
}

const farEnoughPx = 110;
/** Share of the finger's way that the screen follows. */
const share = 0.4;

/** `host` is moved by `--pull`; `onPulled` is called when it is let go far enough down. */
export function createPull(host: HTMLElement, isPossible: () => boolean, onPulled: () => void): Pull {
  let pulledPx = 0;

  function show(): void {
    host.style.setProperty("--pull", `${Math.round(pulledPx * share)}px`);
    host.parentElement?.classList.toggle("pulled", pulledPx > 0);
    host.parentElement?.classList.toggle("pulled-far", pulledPx >= farEnoughPx);
  }

  return {
    by(deltaPx) {
      if (!isPossible()) return;
      pulledPx = Math.min(2 * farEnoughPx, Math.max(0, pulledPx + deltaPx));
      show();
    },
    isPulled: () => pulledPx > 0,
    release() {
      const isFarEnough = pulledPx >= farEnoughPx;
      pulledPx = 0;
      show();
      if (isFarEnough) onPulled();
    },
  };
}
