/**
 * The pictures of one terminal on their way to who waits for one: when they are taken, and that nothing is sent
 * between the taking and the sending, so that a picture's offset is the one of the next output frame.
 */
import type { SnapshotFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { Agenda } from "./agenda.ts";
import type { Attachment } from "./attachment.ts";
import { Lull } from "./lull.ts";
import type { Output } from "./output.ts";
import type { Snapshot } from "./screen.ts";

/** tmux draws everything right after it was attached; a picture before that would be an empty one. */
const firstPictureMs = 20;

export interface SnapshotEvents {
  /** The client whose screen is drawn, where there is one and somebody watches. */
  watched(): Attachment | null;
  send(frame: SnapshotFrame): void;
  /** The answer to an interrupt is about to be shown: everybody goes on from there. */
  onAnswered(): void;
}

export class Snapshots {
  readonly #output: Output;
  readonly #events: SnapshotEvents;
  readonly #agenda = new Agenda(() => this.#take());
  /** After an interrupt for which nobody had credit: what it prints is left out until here, then shown as a picture. */
  readonly #lull = new Lull(() => this.#showAnswer());
  /** The one that is being drawn; it alone may be sent. */
  #underWay: { gen: number } | null = null;

  constructor(output: Output, events: SnapshotEvents) {
    this.#output = output;
    this.#events = events;
  }

  /** Whether what is printed now is seen only in the next picture. */
  get isAnswerAwaited(): boolean {
    return this.#lull.isAwaited;
  }

  /** Somebody waits for one that is taken no sooner than in `afterMs`. */
  ask(afterMs: number): void {
    this.#agenda.ask(afterMs);
  }

  /** Somebody has come: the next one will do. */
  askForNewcomer(): void {
    if (!this.#agenda.isDueWithin(firstPictureMs)) this.#agenda.ask(0);
  }

  /** A client was attached: everybody waits. */
  begin(): void {
    this.#agenda.ask(firstPictureMs);
  }

  /** Leaves out what is printed until there is a lull, then shows it as a picture. */
  awaitAnswer(): void {
    this.#underWay = null;
    this.#output.leaveOut();
    this.#lull.await();
  }

  /** Something was printed. */
  printed(): void {
    this.#lull.disturb();
  }

  /** The client has ended, or nobody watches any more. */
  clear(): void {
    this.#agenda.clear();
    this.#lull.cancel();
    this.#underWay = null;
  }

  #take(): void {
    const attachment = this.#events.watched();
    if (attachment === null || this.#underWay !== null || this.#lull.isAwaited) return;
    if (!attachment.hasScreen) {
      attachment.close();
      return;
    }
    const picture = { gen: this.#output.gen };
    this.#underWay = picture;
    this.#output.hold();
    attachment.snapshot((snapshot) => {
      if (this.#underWay === picture) this.#send(attachment, picture.gen, snapshot);
    });
  }

  /** A size that was applied meanwhile has made the picture an old one. */
  #send(attachment: Attachment, gen: number, { seq, size, bytes }: Snapshot): void {
    this.#underWay = null;
    if (gen !== this.#output.gen) {
      this.#take();
      return;
    }
    const isTooLarge = bytes.length > limits.maxSnapshotBytes;
    const shown = isTooLarge ? new Uint8Array(0) : bytes;
    this.#output.releaseAt(seq, () => this.#events.send({ kind: "snapshot", gen, seq, ...size, bytes: shown }));
    if (isTooLarge) attachment.redraw(size);
  }

  #showAnswer(): void {
    this.#output.include();
    this.#output.showPlace();
    this.#events.onAnswered();
    this.#take();
  }
}
