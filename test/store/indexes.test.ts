/** Hot queries use an index: every statement that the store sends, explained on 100,000 people and environments. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newLifecycle } from "../../workers/rules/lifecycle.ts";
import { readAccountStats } from "../../workers/store/account-stats.ts";
import { findAccountByEmail, findCredentials, updatePassword } from "../../workers/store/accounts.ts";
import { countDenial, insertAuditEvent } from "../../workers/store/audit.ts";
import { findBridgeToken } from "../../workers/store/catalog/bridge-tokens.ts";
import { findCluster, listClusters } from "../../workers/store/catalog/clusters.ts";
import type { Database } from "../../workers/store/database.ts";
import { deleteOldDevices } from "../../workers/store/devices.ts";
import { announceEnds, findRunning, listNearTheirEnd } from "../../workers/store/environments/auto-stop.ts";
import { changeSettings, insertEnvironment, noteAccess } from "../../workers/store/environments/change.ts";
import {
  listDesired,
  listMovable,
  listOverdue,
  purgeTerminated,
} from "../../workers/store/environments/cluster-view.ts";
import {
  findCreationFacts,
  findEnvironment,
  findPlan,
  listEnvironments,
} from "../../workers/store/environments/find.ts";
import { meterRunning } from "../../workers/store/environments/metering.ts";
import { moveEnvironments, moveWithinPlan } from "../../workers/store/environments/move.ts";
import { forgetSamples, readHistory, recordSamples } from "../../workers/store/environments/samples.ts";
import { deleteOldAttempts, forgetAttempts, recordFailure } from "../../workers/store/login-attempts.ts";
import {
  deleteOldMailSecrets,
  isMailTokenGood,
  issueMailSecret,
  resetByToken,
  verifyByCode,
  verifyByToken,
} from "../../workers/store/mail-secrets.ts";
import { findPlanUse } from "../../workers/store/plans.ts";
import {
  deleteOldSessions,
  findSession,
  rotateRefreshToken,
  sessionEnd,
  touchSession,
} from "../../workers/store/sessions.ts";
import { findEntered, rolesOf } from "../../workers/store/sharing/access.ts";
import { endOf } from "../../workers/store/sharing/former.ts";
import { addGuest, findOffer, leaveShare, listOffers, removeGuest } from "../../workers/store/sharing/guests.ts";
import {
  changeShareRole,
  deleteOldShares,
  guestIdsOf,
  insertShare,
  listShares,
  listUnclosed,
  noteClosed,
  revokeShare,
} from "../../workers/store/sharing/shares.ts";
import { listUntold, noteGuestsOf, noteTold } from "../../workers/store/sharing/untold.ts";
import { findSignIn, recordSignIn, type SignInQuestion } from "../../workers/store/sign-in.ts";
import { administration } from "./administration-questions.ts";
import { idOf, type LargeDatabase, openLargeDatabase } from "./large-database.ts";
import { hasSort, planOf, roundTripsOf, wholeReads } from "./query-plans.ts";

type Ask = (db: Database) => Promise<unknown>;

const now = new Date();
const longAgo = new Date(now.getTime() - 300 * 86_400_000);
const [user, session, environment] = [idOf("usr", 1), idOf("ses", 7), idOf("env", 1)];
const cluster = "cluster-1";
const hash = "0".repeat(64);
const newestFirst =
  (page: { limit: number; offset: number }): Ask =>
  (db) =>
    listEnvironments(db, user, { now }, page);
const newSession = {
  id: idOf("ses", 999_999),
  userId: user,
  refreshJtiHash: hash,
  refreshIssuedAt: now,
  refreshExpiresAt: now,
  absoluteExpiresAt: now,
  userAgent: null,
  address: null,
  deviceHashes: [hash],
  createdAt: now,
};
const signInBy =
  (name: SignInQuestion["name"]): Ask =>
  (db) =>
    findSignIn(db, { name, strangerSubject: `name:${hash}`, deviceHashes: [hash, "1"], knownSince: longAgo });
const lifecycle = newLifecycle(now);

/** What every request, every sign-in, every report of a bridge and every minute asks. */
const asked: Record<string, Ask> = {
  "a session by its id": (db) => findSession(db, session),
  "a session that is in use": (db) => touchSession(db, session, now, 0),
  "a refresh": (db) =>
    rotateRefreshToken(db, {
      sessionId: session,
      userId: user,
      shownJtiHash: hash,
      successorJtiHash: hash,
      now,
      refreshSeconds: 60,
      graceSeconds: 30,
    }),
  "the end of every session of a person": async (db) => sessionEnd(db, { userId: user }, "logout_all", longAgo),
  "a login by e-mail address": signInBy({ kind: "email", text: "Person7@example.com" }),
  "a login by user name": signInBy({ kind: "username", text: "Person7" }),
  "a person by id": (db) => findCredentials(db, user),
  "a person by e-mail address": (db) => findAccountByEmail(db, "Person7@example.com"),
  "the end of a lock": (db) => forgetAttempts(db, user),
  "a wrong password": (db) => recordFailure(db, { subject: user, lockFailures: 5, lockSeconds: 60, now }),
  "a mailed secret in the older one's place": (db) =>
    issueMailSecret(
      db,
      {
        id: "mls_1",
        userId: user,
        purpose: "verify_email",
        tokenHash: hash,
        codeHash: hash,
        createdAt: now,
        expiresAt: now,
      },
      now,
    ),
  "a mailed token": (db) => isMailTokenGood(db, { hash, purpose: "reset_password", now }),
  "an address verified by link": (db) => verifyByToken(db, { hash, now }),
  "an address verified by code": (db) =>
    verifyByCode(db, { userId: user, code: "123456", tries: 5, notBefore: longAgo, now }),
  "a password reset": (db) => resetByToken(db, { hash, passwordHash: hash, now }),
  "a sign-in": (db) =>
    recordSignIn(db, { userId: user, subject: user, verifiedHash: null, newHash: null, now }, newSession),
  "a new password": (db) =>
    updatePassword(db, { userId: user, passwordHash: hash, keepSessionId: session, now: longAgo }),
  "the numbers of an account": (db) => readAccountStats(db, user, now, 10),
  "a page of environments": newestFirst({ limit: 20, offset: 0 }),
  "a deep page of environments": newestFirst({ limit: 20, offset: 4_000 }),
  "environments of a status": (db) =>
    listEnvironments(db, user, { now, phases: ["running", "error"] }, { limit: 20, offset: 0 }),
  "environments of a template": (db) =>
    listEnvironments(db, user, { now, templateId: "ubuntu" }, { limit: 20, offset: 0 }),
  "one environment": (db) => findEnvironment(db, user, environment),
  "the plan of a person": (db) => findPlan(db, user),
  "what a creation wants to know": (db) =>
    findCreationFacts(db, { userId: user, template: "ubuntu", clusterId: cluster, fallbackCluster: "default" }),
  "a creation within plan and cluster": (db) =>
    insertEnvironment(
      db,
      {
        ...lifecycle,
        id: idOf("env", 999_999),
        userId: user,
        clusterId: cluster,
        templateId: "ubuntu",
        name: "new",
        description: null,
        dockerImage: "ubuntu:24.04",
        port: null,
        webPort: null,
        cpuMillicores: 500,
        memoryBytes: 1,
        storageBytes: 1,
        sealedVariables: "k.iv.sealed",
        createdAt: now,
        updatedAt: now,
      },
      now,
    ),
  "a change of settings": async (db) => {
    const found = await findEnvironment(db, user, environment);
    if (found !== null) await changeSettings(db, found, { ...found, description: "changed" });
  },
  "a look at an environment": (db) => noteAccess(db, environment, now),
  "a move of the lifecycle": (db) =>
    moveEnvironments(db, [{ id: environment, before: lifecycle, after: lifecycle }], { desiredChanged: true }),
  "a start within the plan": (db) =>
    moveWithinPlan(db, { id: environment, before: lifecycle, after: lifecycle }, { userId: user, now }),
  "a minute of running time": (db) => meterRunning(db, now),
  "what is near its end": (db) => listNearTheirEnd(db, now, { afterId: "", limit: 500 }),
  "one that is near its end": (db) => findRunning(db, environment, now),
  "an announced end": (db) => announceEnds(db, [{ id: environment, before: null, after: now }]),
  "what a plan allows and what is in use": (db) => findPlanUse(db, user, now),
  "what a cluster should hold": (db) => listDesired(db, cluster),
  "what a report can move": (db) => listMovable(db, cluster),
  "deadlines that passed": (db) => listOverdue(db, now, 500),
  "a minute of telemetry": (db) =>
    recordSamples(
      db,
      cluster,
      [
        {
          environmentId: environment,
          takenAt: now,
          cpuUsage: 1,
          memoryUsage: 1,
          storageUsage: 1,
          networkInBytes: 1,
          networkOutBytes: 1,
          uptimeSeconds: 1,
          lastActivityAt: now,
          attendedAt: now,
          workedAt: now,
        },
      ],
      now,
    ),
  "the readings of a day": (db) => readHistory(db, environment, new Date(now.getTime() - 86_400_000), 300),
  "a bridge's token": (db) => findBridgeToken(db, hash, new Date()),
  "a cluster and what lives on it": (db) => findCluster(db, user, cluster),
  "the clusters and what lives on them": (db) => listClusters(db, user),
  "an audit row": (db) =>
    insertAuditEvent(db, { at: now, actorKind: "system", action: "account.lock", outcome: "ok", requestId: "test" }),
  "a counted refusal": (db) =>
    countDenial(db, { minute: now, actor: user, route: "GET /x", code: "forbidden", lastRequestId: "test" }),
  "an environment for its owner or a guest": (db) => findEntered(db, idOf("usr", 7), environment, now),
  "the roles of some guests": (db) => rolesOf(db, environment, [user, idOf("usr", 7)], now),
  "a share within the limit": (db) =>
    insertShare(
      db,
      {
        id: "shr_new",
        environmentId: environment,
        createdBy: user,
        kind: "user",
        role: "viewer",
        addressee: "Person7",
        secretHash: null,
        createdAt: now,
        expiresAt: now,
      },
      50,
    ),
  "the shares of an environment": (db) => listShares(db, environment, now),
  "another role for a share": (db) =>
    changeShareRole(db, { environmentId: environment, id: idOf("shr", 1), role: "driver", now }),
  "the end of a share": (db) => revokeShare(db, environment, idOf("shr", 1), now),
  "the guests of a share": (db) => guestIdsOf(db, idOf("shr", 2)),
  "the guests of an owner": (db) => noteGuestsOf(db, user, now),
  "guests to be shown out": (db) => listUntold(db, 200),
  "guests who were shown out": (db) => noteTold(db, environment, { userIds: [user], since: now }),
  "shares that are over": (db) => listUnclosed(db, now, 500),
  "a share whose sockets were closed": (db) => noteClosed(db, idOf("shr", 1), now),
  "a share by its secret": (db) => findOffer(db, { secretHash: hash }, user, now),
  "everything offered to somebody": (db) => listOffers(db, idOf("usr", 7), now, 100),
  "a guest more": (db) => addGuest(db, { shareId: idOf("shr", 2), userId: idOf("usr", 9), now, maxGuests: 100 }),
  "a guest less": (db) => leaveShare(db, { shareId: idOf("shr", 2), userId: idOf("usr", 9), now }),
  "a guest taken out": (db) =>
    removeGuest(db, { environmentId: environment, shareId: idOf("shr", 2), userId: idOf("usr", 9), now }),
  "why somebody finds nothing": (db) => endOf(db, user, environment),
  "shares to forget": (db) => deleteOldShares(db, longAgo),
  "samples to forget": (db) => forgetSamples(db, longAgo),
  "sessions to forget": (db) => deleteOldSessions(db, longAgo),
  "mailed secrets to forget": (db) => deleteOldMailSecrets(db, longAgo),
  "devices to forget": (db) => deleteOldDevices(db, longAgo),
  "wrong passwords to forget": (db) => deleteOldAttempts(db, longAgo),
  "environments to forget": (db) => purgeTerminated(db, longAgo, 500),
  ...administration,
};

let large: LargeDatabase | undefined;
beforeAll(async () => {
  large = await openLargeDatabase();
}, 120_000);
afterAll(() => large?.close());

async function plansOf(ask: Ask) {
  if (large === undefined) throw new Error("there is no database");
  const { db, client } = large;
  const roundTrips = await roundTripsOf(() => ask(db));
  const plans = [];
  for (const statement of roundTrips.flat()) plans.push(await planOf(client, statement));
  return plans;
}

describe("no table is read whole for", () => {
  it.each(Object.entries(asked))("%s", async (_, ask) => {
    const plans = await plansOf(ask);
    expect(plans.length).toBeGreaterThan(0);
    expect(plans.flatMap((plan) => wholeReads(plan))).toEqual([]);
  });
});

describe("the index brings in order", () => {
  it.each(["a page of environments", "deadlines that passed", "events beyond a cursor", "an export's next page"])(
    "%s",
    async (name) => {
      const plans = await plansOf(asked[name] as Ask);
      expect(plans.some(hasSort)).toBe(false);
    },
  );
});
