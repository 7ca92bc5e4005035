/**
 * Limits and timing of every socket. Units are in the names; the inequalities between them are held by
 * test/protocol/timing.test.ts.
 */

export const limits = {
  /** Largest text frame accepted from a client, in UTF-8 bytes. */
  maxClientFrameBytes: 65_536,
  /** Largest frame on a bridge's sockets but a snapshot; also the cap of an answer. */
  maxBridgeFrameBytes: 65_536,
  /** Largest bytes of a snapshot; instead of a larger one the bridge sends an empty one and lets tmux redraw. */
  maxSnapshotBytes: 524_288,
  /** Largest terminal bytes in one output frame of the bridge. */
  maxOutputFrameBytes: 16_384,
  minTerminalCells: 1,
  maxTerminalCells: 1000,
  defaultCols: 80,
  defaultRows: 24,
  maxSocketsPerUser: 10,
  /** Guests' sockets at one terminal; its owner's are not counted. */
  maxGuestSocketsPerTerminal: 1_000,
  /** Token bucket for a client's input and resize frames. */
  clientFramesPerSecond: 50,
  clientFrameBurst: 200,
  /** Token bucket for the bytes of a client's input. */
  clientInputBytesPerSecond: 262_144,
  clientInputBurstBytes: 2_097_152,
  /** Frames that are answered with an error, for whatever reason, before the socket is closed as a flood; and how many of
   * them are forgiven. */
  maxRefusedFrames: 2_000,
  forgivenFramesPerSecond: 1,
  /** What a terminal sends while only viewers watch that never acknowledge. */
  pacedBytesPerSecond: 65_536,
  pacedBurstBytes: 131_072,
  /** Output to one such viewer between two of its pings; then it waits for a snapshot. */
  maxUnacknowledgedBytes: 1_048_576,
  maxSnapshotsPerSecond: 4,
  /** What all viewers of a terminal, of version 2 and of version 1, may have under way together: its object has 128 MB. */
  maxOpenBytesOfAll: 41_943_040,
  maxUnacknowledgedBytesOfAll: 25_165_824,
  /** The parts of what is left of these that one viewer may have: so it is never used up, whoever reads nothing. */
  openShare: 512,
  openSnapshotShare: 16,
  unacknowledgedShare: 16,
  /** Input of one viewer that is held until a bridge is there. */
  maxHeldInputCharacters: 4_096,
  /** Messages of a log in one frame of the bridge. */
  maxLogMessages: 500,
  /** What a bridge reports of an environment in words. */
  maxStatusMessageCharacters: 500,
  ringBytes: 262_144,
  /** Version 2. Output that one viewer may have unacknowledged, and the same on a slow way. */
  windowBytes: 65_536,
  slowWindowBytes: 32_768,
  /** Goodput below which a way is slow. */
  slowBytesPerSecond: 150_000,
  /** A client acknowledges after so many bytes, or later when at least the second amount is open. */
  ackEveryBytes: 16_384,
  ackLateBytes: 4_096,
  /** Input of one client that may be open: sent and not acknowledged. */
  maxOpenInputBytes: 65_536,
  maxPastePartBytes: 16_384,
  maxInputNumber: 9_007_199_254_740_991,
  /** Authors whose input a bridge remembers, of all its terminals. */
  maxLedgerAuthors: 1_000,
  maxReceipts: 100,
  maxHistoryLines: 2_000,
  /** Windows of one environment that are made for people; those that are listed, and the panes of each. */
  maxWindows: 20,
  maxListedWindows: 50,
  maxListedPanes: 16,
  maxWindowNameCharacters: 64,
  maxWindowDirectoryCharacters: 1_024,
  /** Token bucket for the wishes of one client to take control or give it back. */
  controlWishesPerSecond: 1,
  controlWishBurst: 10,
  /** People named in one message about who is at a terminal. */
  maxToldParticipants: 20,
  /** Token bucket of a terminal for such messages, each counted once for everybody who gets it. */
  participantsPerSecond: 200,
  participantsBurst: 400,
  /** From so many sockets at a terminal on they are told how many they are. */
  minCrowdSockets: 20,
  /** Bytes in one body between a client and us, or a bridge and us: platforms refuse those over 100 MB. */
  maxTransferBytes: 67_108_864,
  /** Transfers that a bridge carries at a time, and those of them that are one person's. */
  maxTransfers: 64,
  maxTransfersOfOne: 8,
  /** A file uploaded in parts; its parts, and what a client gets that names no size for them. */
  maxUploadBytes: 10_737_418_240,
  maxUploadParts: 2_000,
  defaultPartBytes: 8_388_608,
  /** Parts but the last are a multiple of this, so that they are laid down block by block. */
  partBlockBytes: 65_536,
  /** Unfinished uploads of one environment. */
  maxUploads: 20,
  maxFilePathBytes: 4_096,
  maxFileNameBytes: 255,
  /** Entries of a directory that are looked at to list a page of them. */
  maxDirectoryEntries: 50_000,
  /** Entries of an archive that is unpacked. */
  maxArchiveEntries: 10_000,
  /** Names in the path of such an entry. */
  maxArchiveDepth: 128,
  /** Links that are followed on the way to a file. */
  maxFollowedLinks: 40,
} as const;

export const timing = {
  /** Who had control and left, or was cut, keeps it so long: longer than a client waits before it dials again. */
  controlKeptMs: 15_000,
  /** A terminal that does not say in this time that it knows who has control is served anew: a paste that nobody can end any
   * more is over by then. */
  controlToldMs: 6_000,
  clientPingEveryMs: 30_000,
  /** A viewer that has pinged once and then was silent this long no longer counts and is closed. */
  clientSilentAfterMs: 75_000,
  bridgePingEveryMs: 20_000,
  bridgeSilentAfterMs: 50_000,
  /** On the control link of a bridge that shares. */
  linkPingEveryMs: 10_000,
  /** A bridge that has the lease acts on it so long since it sent the newest ping that was answered, by its own clock. */
  leaseMs: 25_000,
  /** What it was doing then is let go of within this time. */
  leaseStopMs: 5_000,
  /** A link that was not heard for so long is given up: what it had, the lease too, goes to others. */
  linkSilentAfterMs: 35_000,
  /** A bridge whose link was cut keeps its terminals if it comes back within this time; the lease stays its own for
   * `linkSilentAfterMs`, for it may not know. */
  linkReturnMs: 4_000,
  /** A data socket that is no longer assigned stays open so long, for the one that takes over closes it. */
  handOverMs: 10_000,
  /** A bridge that is told to end waits so long for others to take over. */
  drainMs: 15_000,
  resizeDebounceMs: 150,
  minResizeGapMs: 1_000,
  quietBeforeImmediateFlushMs: 8,
  batchWindowsMs: [8, 16, 33],
  /** Input that found no bridge for this long is refused. */
  holdInputMs: 30_000,
  /** Version 2: a client acknowledges what is open after this long. */
  ackLateMs: 250,
  /** A receipt waits this long for output to ride on. */
  receiptAloneMs: 30,
  /** What was handed to a tmux client so shortly before it was lost may not have reached the shell. */
  doubtBeforeLossMs: 2_000,
  /** A paste whose next part does not come is closed. */
  pasteSilentMs: 5_000,
  nudgeGapMs: 1_000,
  desiredPullEveryMs: 300_000,
  telemetryEveryMs: 60_000,
  /** After this long without a frame a bridge says something on a data socket, so that the object looks at its viewers.
   * Each is a wake, of which ten idle minutes have none; viewers gone without a word count as attending for so long. */
  dataSocketQuietMs: 900_000,
  askTimeoutMs: 10_000,
  /** Changes of an environment's windows are told at most so often. */
  windowsGapMs: 100,
  /** With nobody watching, a window's own terminal is kept this long. */
  pinnedKeptMs: 600_000,
  /** The size policy that its owner has chosen is kept so long while they are away. */
  policyKeptMs: 600_000,
  redialFirstMaxMs: 250,
  redialMinMs: 250,
  redialMaxMs: 10_000,
  /** How many a second may dial one terminal again after a cut of all: its viewers spread their first dials. */
  redialsPerSecond: 80,
  /** A fresh shell appears within this time after `exit` in the last one. */
  freshShellMs: 1_000,
  /** Sockets are gone this long after the session, token or share behind them ended. */
  sessionEndMs: 5_000,
  /** A transfer whose other side does not come, or does not go on, is over after this long. */
  transferWaitMs: 15_000,
  /** Of a body that goes up so long nothing comes: it is given up. */
  transferSilentMs: 60_000,
  /** Programs of an environment that neither give nor take anything of a transfer for so long are given up; before the time
   * in which what was received must be told of. */
  transferStuckMs: 45_000,
  /** What was received is on its disk, and told of, after this long. */
  transferSettleMs: 60_000,
  /** An unfinished upload that nothing was added to is removed after this long. */
  uploadKeptMs: 86_400_000,
} as const;
