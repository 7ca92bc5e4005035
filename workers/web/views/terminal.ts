/** The shell of an environment: the screen, the keys below it and the state above it, tied to one socket. */
import type { ClientMessage } from "../../../durable-objects/protocol/client.ts";
import { hasShell, type Role } from "../../../durable-objects/protocol/vocabulary.ts";
import type { View } from "../app.ts";
import { pasteText } from "../clipboard.ts";
import { el } from "../dom.ts";
import { changePreferences, type Preferences, readPreferences } from "../preferences.ts";
import { composeBar } from "../terminal/compose-bar.ts";
import type { Frame } from "../terminal/frames.ts";
import { keyRow } from "../terminal/key-row.ts";
import { followKeyboard } from "../terminal/keyboard.ts";
import type { Connection } from "../terminal/live-socket.ts";
import { createScreen } from "../terminal/screen.ts";
import { type HistoryFrame, openTerminalLine, type PeopleFrame, type WindowsFrame } from "../terminal/terminal-line.ts";
import { createTyping } from "../terminal/typing.ts";
import { type Deed, deedChoices, deedsFor } from "./actions.ts";
import { curtain } from "./curtain.ts";
import { environmentBar } from "./environment-bar.ts";
import { openFilesSheet } from "./files/files-sheet.ts";
import { historySheet } from "./history-sheet.ts";
import { linePill } from "./line-pill.ts";
import { selectionBar } from "./selection-bar.ts";
import { type ControlWish, controlWords, peopleStrip } from "./sharing/people-strip.ts";
import { openShareSheet } from "./sharing/share-sheet.ts";
import { choose } from "./sheet.ts";
import { sizeChoice } from "./size-choice.ts";
import { stopWarning } from "./stop-warning.ts";
import { toast, toastFailure } from "./toast.ts";
import { uncertainLine } from "./uncertain-line.ts";
import { watchEnvironment } from "./watch-environment.ts";
import { windowDeeds } from "./window-deeds.ts";
import { type WindowTab, windowTabs } from "./window-tabs.ts";
import { windowTurns } from "./window-turns.ts";

/** The pane that the tabs are of. */
const paneId = "terminal-pane";

export const terminalView =
  (environmentId: string): View =>
  (app, signal) => {
    const bar = environmentBar({
      app,
      environmentId,
      other: { route: { view: "logs", environmentId }, label: "Logs", picture: "logs" },
      onMore: () => void askMore(),
      isOwner: () => watched.state()?.role === "owner",
      signal,
    });
    const cover = curtain((deed) => void watched.perform(deed));
    const pill = linePill(() => socket.reopen());
    const warning = stopWarning(() => watched.extend(), signal);
    const watched = watchEnvironment(app, environmentId, signal, ({ name, phase, message, autoStopAt }) => {
      bar.show(name, phase);
      warning.show(autoStopAt);
      cover.show(phase, message);
      showTabs();
    });
    let ownId: string | null = null;
    const people = peopleStrip({
      ownId: () => ownId,
      control: (action) => socket.control(action),
      onRole: () => showRole(),
      say: toast,
    });
    const isCovered = () => !cover.element.hidden;
    let line: "lost" | "welcome" | "shown" = "lost";
    let isSlow = false;
    let shownWindow: string | undefined;

    const tabs = windowTabs({
      panelId: paneId,
      onSelect: (tab) => void turns.take(tab, () => windows.select(tab)),
      onMenu: (tab) => void windows.menu(tab),
      onMove: (tab, by) => windows.move(tab, by),
      onClose: (tab) => void windows.close(tab),
      onAdd: () => void windows.add(),
    });
    const turns = windowTurns(showWindows);
    const windows = windowDeeds(app, environmentId, { tabs: tabs.tabs, turn: (deed) => socket.turn(deed) });
    const size = sizeChoice(
      () => screen.size(),
      (policy) => socket.choose(policy),
    );
    const history = historySheet((before, lines) => socket.history(before, lines));
    const socket = openTerminalLine({
      target: () => app.socketTarget("terminal", environmentId),
      draw: (data, done) => screen.write(data, done),
      repaint: (data, done) => screen.repaint(data, done),
      resize: (size) => screen.resize(size),
      ownSize: () => screen.size(),
      onShown: () => line === "welcome" && showLine(),
      onFrame,
      onRole: people.showRole,
      onConnection,
      onLagging(isLagging) {
        isSlow = isLagging;
        if (line === "shown") showPace();
      },
      onUncertain: (drafts) => uncertain.add(drafts, "doubtful"),
      onReturned: (drafts) => uncertain.add(drafts, "unsent"),
      onFull: () => toast("Too much is waiting to be sent already. This was not taken."),
      signal,
    });
    const send = (message: ClientMessage) => {
      if (message.type === "input") screen.follow();
      return (message.type !== "input" || people.mayType()) && socket.send(message);
    };
    const typing = createTyping({
      send,
      isApplicationMode: () => screen.isApplicationMode(),
      onLatches: (latches) => keys.show(latches),
    });
    const uncertain = uncertainLine(({ kind, text }) => {
      if (kind === "typed" || !pasteWhole(text)) send({ type: "input", data: text });
    });
    const screen = createScreen({
      preferences: readPreferences(),
      onTyped: typing.text,
      onPasted: pasteWhole,
      onSize: (cols, rows) => socket.send({ type: "resize", cols, rows }),
      hasHistory: socket.hasHistory,
      onPull: history.open,
      onSelection: (half) => selected.show(half),
      onLeave: bar.focus,
      signal,
    });
    const selected = selectionBar({
      selection: screen.selection,
      clear: screen.clearSelection,
      onPaste: () => void paste(),
    });
    const keys = keyRow(typing);
    const compose = composeBar({ onLine: sendLine, onCharacter: typing.latched, onPaste: () => void paste() });

    /** What may not be typed is dealt with by saying so. */
    function pasteWhole(text: string): boolean {
      screen.follow();
      return !people.mayType() || socket.paste(text);
    }

    /** Who only watches has nothing to type with; while another has control, what there is says why it does nothing. */
    function showRole(): void {
      const isWatching = people.isWatching();
      keys.element.hidden = isWatching;
      compose.element.hidden = isWatching;
      screen.setReadOnly(isWatching);
      for (const { element } of [keys, compose]) element.toggleAttribute("data-held", people.isHeld());
      showTabs();
    }

    /** The lines above the screen are those of the window that was shown. */
    function showWindows(windows: readonly WindowTab[]): void {
      const id = windows.find((window) => window.is_active)?.id;
      if (shownWindow !== undefined && id !== shownWindow) {
        screen.forgetLines();
        screen.follow();
      }
      shownWindow = id;
      tabs.show(windows);
    }

    /** Windows are changed by their owner; guests see which there are. */
    function showTabs(): void {
      tabs.setUsable(!isCovered() && people.isOwner());
    }

    function onFrame(frame: Frame | HistoryFrame | WindowsFrame | PeopleFrame): void {
      if (line === "welcome" && frame.type === "status_update" && !hasShell(frame.phase)) showLine();
      if (frame.type === "error") history.fail();
      if (frame.type === "history") history.take(frame);
      else if (frame.type === "windows") turns.know(frame.windows);
      else if (frame.type === "participants") people.showPeople(frame.list, frame.total);
      else if (frame.type === "control") people.showHolder(frame.holder);
      else if (frame.type === "policy") size.know(frame.kind);
      else if (frame.type === "status_update") watched.heard(frame.phase, frame.message);
      else if (frame.type === "error" || (frame.type === "info" && !isCovered())) toast(frame.message);
    }

    /** For people the line is live once it has shown how the shell is: before that a bridge may still be missing. */
    function showLine(): void {
      line = "shown";
      // An old server knows nothing of windows.
      tabs.element.hidden = !socket.hasHistory();
      showPace();
    }

    function showPace(): void {
      const pace = { kind: isSlow ? "lagging" : "live" } as const;
      bar.showConnection(pace);
      pill.show(pace);
    }

    function onConnection(connection: Connection): void {
      line = connection.kind === "live" ? "welcome" : "lost";
      if (line === "welcome") {
        learnOwnId();
        return;
      }
      people.showHolder(undefined);
      size.know();
      history.fail();
      bar.showConnection(connection);
      pill.show(connection);
      // The list of reasons is the server's; whether the environment or the session is gone, its answer tells.
      if (connection.kind === "closed") watched.lookNow();
    }

    /** Whose own control would look like somebody else's: asked at every new socket until it is known. */
    function learnOwnId(): void {
      if (ownId !== null) return;
      void app.calls.me().then(({ id }) => {
        ownId = id;
        people.know();
      }, toastFailure);
    }

    function sendLine(text: string): boolean {
      if (!people.mayType()) return false;
      const isSent = line === "shown" && !isCovered() && typing.line(text);
      if (!isSent) toast("There is no shell right now. The line was not sent.");
      return isSent;
    }

    async function paste(): Promise<void> {
      const text = await pasteText();
      if (text !== null && pasteWhole(text)) return;
      if (text !== null) return screen.paste(text);
      compose.insert("");
      toast("This browser does not let the page paste. Hold the line below to paste there.");
    }

    async function askMore(): Promise<void> {
      const state = watched.state();
      if (state === null) return;
      const { fontSizePx, isScreenReader } = readPreferences();
      const isOwner = state.role === "owner";
      const deeds = isOwner ? deedChoices(deedsFor(state)) : [];
      const wish = socket.hasHistory() ? people.hiddenWish() : null;
      type Answer = Deed | ControlWish | "history" | "share" | "files" | "size" | Partial<Preferences>;
      const answer = await choose<Answer>(state.name, [
        ...(wish === null ? [] : [{ label: controlWords[wish], value: wish, isOffered: canMean(wish, state.role) }]),
        ...(isOwner
          ? [
              ...(hasShell(state.phase) ? [{ label: "Files…", value: "files" as const }] : []),
              { label: "Share…", value: "share" as const },
              { label: `Screen size: ${size.words()}`, value: "size" as const },
            ]
          : []),
        ...(socket.hasHistory() ? [{ label: "Earlier lines", value: "history" as const }] : []),
        { label: "Larger text", value: { fontSizePx: fontSizePx + 1 } },
        { label: "Smaller text", value: { fontSizePx: fontSizePx - 1 } },
        {
          label: `Screen reader support: ${isScreenReader ? "on" : "off"}`,
          value: { isScreenReader: !isScreenReader },
        },
        ...deeds,
      ]);
      if (answer === null) return;
      if (answer === "history") history.open();
      else if (answer === "size") await size.ask();
      else if (answer === "take" || answer === "release") socket.control(answer);
      else if (answer === "files") await openFilesSheet(app, { id: environmentId, name: state.name });
      else if (answer === "share") await openShareSheet(app, { id: environmentId, name: state.name });
      else if (typeof answer === "string") await watched.perform(answer);
      else screen.apply(changePreferences(answer));
    }

    /** To who shares with nobody, taking control means nothing; whether that is so, only the server knows. */
    async function canMean(wish: ControlWish, role: Role): Promise<boolean> {
      if (wish === "release" || role !== "owner") return true;
      return app.calls.shares(environmentId).then(
        (shares) => shares.length > 0,
        () => true,
      );
    }

    // The view is in the page only after it was returned.
    requestAnimationFrame(() => {
      if (signal.aborted) return;
      screen.open();
      followKeyboard(signal, screen.uncover);
      if (matchMedia("(pointer: fine)").matches) screen.focus();
    });
    const pills = el("div", { class: "pills" }, pill.element, warning.element, uncertain.element);
    screen.element.append(cover.element, pills, selected.element);
    screen.element.id = paneId;
    screen.element.setAttribute("role", "tabpanel");
    screen.element.setAttribute("aria-label", "Terminal");
    const parts = [bar.element, people.element, tabs.element, screen.element, keys.element, compose.element];
    return el("section", { class: "terminal-view" }, ...parts);
  };
