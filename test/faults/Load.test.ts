import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, Duration, Effect, Fiber, Random, TestClock } from "effect"
import * as Books from "./Books.ts"
import { type Integration, integrations, pick } from "./Integrations.ts"
import * as Load from "./Load.ts"
import * as Pace from "./Pace.ts"
import * as Post from "./Post.ts"
import * as Sender from "./Sender.ts"

const bases = ["http://api-1", "http://api-2"]

/** One request as the API got it. */
interface Request {
  readonly at: number
  readonly base: string
  readonly post: Post.Post
}

const yes = { status: 200, retryAfter: Duration.zero }

/** An API that answers after a while as it is told to, and what it got. */
const api = (answer: (requests: number) => { readonly status: number; readonly retryAfter: Duration.Duration }) => {
  const requests: Array<Request> = []
  const send: Sender.Sender = Effect.fnUntraced(function*(base, post) {
    const at = yield* Clock.currentTimeMillis
    const { retryAfter, status } = answer(requests.push({ at, base, post }))
    yield* Effect.sleep(answerTime)
    const endedAt = yield* Clock.currentTimeMillis
    return { answer: { base, sentAt: at, endedAt, status, eventId: "e", duplicate: false }, retryAfter }
  })
  return { requests, send }
}

const answerTime = Duration.millis(10)

/** What a load sends within a tenth of a second and the copies that come of it. */
const storm = Effect.fnUntraced(function*(seed: string, answer: Parameters<typeof api>[0]) {
  const { requests, send } = api(answer)
  const load = yield* Load.make(send, { bases, seed })
  const steady = yield* Effect.fork(load.steady(1_500))
  yield* TestClock.adjust("100 millis")
  yield* Fiber.interrupt(steady)
  yield* TestClock.adjust("1 minute")
  return { load, requests }
}, Effect.scoped)

const named = (post: Post.Post): string => `${post.integration.slug} ${post.id}`
const gist = (post: Post.Post) => `${named(post)} ${post.hash} ${JSON.stringify(post.copies)}`
const gists = (requests: ReadonlyArray<Request>) => [...new Set(requests.map(({ post }) => gist(post)))].toSorted()

const posts = (integration: Integration, count: number) =>
  Effect.forEach(
    Array.range(1, count),
    (number) => Effect.withRandom(Post.make(integration, number), Random.make(`1 ${integration.slug} ${number}`))
  )

const share = <A>(all: ReadonlyArray<A>, is: (one: A) => boolean): number => all.filter(is).length / all.length

describe("the load", () => {
  it.effect("sends some webhooks several times at once to both APIs before any is accepted", () =>
    Effect.gen(function*() {
      const { load, requests } = yield* storm("1", () => yes)
      const webhooks = Object.values(Array.groupBy(requests, ({ post }) => named(post)))
      let several = 0
      for (const sent of webhooks) {
        const { at, post: { copies } } = sent[0]
        const atOnce = sent.filter((_) => _.at === at)
        assert.strictEqual(atOnce.length, copies.atOnce)
        assert.strictEqual(sent.length, copies.atOnce + copies.later)
        if (atOnce.length === 1) continue
        several++
        assert.sameMembers([...new Set(atOnce.map(({ base }) => base))], bases)
      }
      assert.isAbove(several, 0)
      assert.strictEqual(yield* load.pending, 0)
      assert.strictEqual(yield* load.offered, webhooks.length)
      assert.strictEqual(yield* load.skipped, 0)
      assert.isTrue(load.webhooks.every(Books.isAccepted))
    }))

  it.effect("counts the webhooks of each integration by themselves, with other bodies under the same id", () =>
    Effect.gen(function*() {
      const { load } = yield* storm("1", () => yes)
      for (const { slug } of integrations) {
        const ids = load.webhooks.filter((_) => _.integration === slug).map((_) => _.id)
        assert.deepStrictEqual(ids, ids.map((_, index) => `w-${index + 1}`))
      }
      assert.strictEqual(load.webhooks.filter((_) => _.id === "w-1").length, integrations.length)
      assert.strictEqual(new Set(load.webhooks.map((_) => _.hash)).size, load.webhooks.length)
    }))

  it.effect("is the same for the same seed whatever comes back, and another for another", () =>
    Effect.gen(function*() {
      const calm = gists((yield* storm("1", () => yes)).requests)
      const no = { status: 503, retryAfter: Duration.seconds(1) }
      const rough = gists((yield* storm("1", (requests) => requests < 20 ? no : yes)).requests)
      assert.deepStrictEqual(rough, calm)
      assert.notDeepEqual(gists((yield* storm("2", () => yes)).requests), calm)
    }))

  it.effect("asks again no sooner than it was told to, and asks the other API", () =>
    Effect.gen(function*() {
      const { requests, send } = api((requests) =>
        requests > 1 ? yes : { status: 503, retryAfter: Duration.seconds(5) }
      )
      const load = yield* Load.make(send, { bases, seed: "1" })
      yield* Effect.fork(load.burst(1))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(requests.length, 1)
      yield* TestClock.adjust("2 seconds")
      assert.sameMembers(requests.map(({ base }) => base), bases)
      assert.deepStrictEqual(load.webhooks.flatMap(({ answers }) => answers.map((_) => _.status)), [503, 200])
    }).pipe(Effect.scoped))

  it.effect("sends to one API alone if need be", () =>
    Effect.gen(function*() {
      const { requests, send } = api((requests) => requests > 2 ? yes : { ...yes, status: 503 })
      const load = yield* Load.make(send, { bases, seed: "1" })
      yield* Effect.fork(load.burst(3, bases.slice(1)))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(requests.map(({ base }) => base), Array.replicate("http://api-2", 5))
      assert.strictEqual(yield* load.pending, 0)
    }).pipe(Effect.scoped))

  it("waits for ten seconds at most because it was told to", () => {
    const seconds = (retryAfter: unknown) => Duration.toSeconds(Sender.patience(retryAfter))
    assert.deepStrictEqual(["5", "3600", "0", "-1", "soon", undefined].map(seconds), [5, 10, 0, 0, 0, 0])
  })
})

describe("the pace", () => {
  const plenty = 1_000_000

  it("is steady, and skips nothing where there is room", () => {
    const pace = Pace.start(300, 1_000)
    assert.deepStrictEqual([1_000, 1_010, 1_020, 2_000].map((now) => pace.take(now, plenty)), [0, 3, 3, 294])
    assert.strictEqual(pace.skipped(), 0)
  })

  it("makes up what there was no room for, twice as fast as else", () => {
    const pace = Pace.start(100, 0)
    assert.deepStrictEqual([1_000, 2_000].map((now) => pace.take(now, 0)), [0, 0])
    assert.strictEqual(pace.skipped(), 200)
    assert.deepStrictEqual([3_000, 4_000, 5_000].map((now) => pace.take(now, plenty)), [200, 200, 100])
    assert.strictEqual(pace.skipped(), 0)
  })

  it("does not make up more than it owes at most", () => {
    const pace = Pace.start(1_000, 0)
    assert.strictEqual(pace.take(10_000, 0), 0)
    const lapsed = 10_000 - Pace.mostOwed
    for (let now = 11_000; now <= 20_000; now += 1_000) pace.take(now, plenty)
    assert.strictEqual(pace.skipped(), lapsed)
  })
})

describe("a webhook", () => {
  it.effect("is mostly small, is bytes now and then, and has copies as often as it should", () =>
    Effect.gen(function*() {
      const all = (yield* Effect.forEach(integrations, (_) => posts(_, 2_000))).flat()
      assert.approximately(share(all, (_) => _.copies.atOnce > 1), 0.05, 0.01)
      assert.approximately(share(all, (_) => _.copies.later > 0), 0.05, 0.01)
      assert.approximately(share(all, (_) => _.contentType === "application/octet-stream"), 0.05, 0.01)
      assert.isAbove(share(all, (_) => _.body.length < 1_000), 0.5)
      assert.isAtMost(Math.max(...all.map((_) => _.body.length)), 101_000)
      assert.sameMembers([...new Set(all.map((_) => _.copies.atOnce))], [1, 2, 3, 4, 5])
      const stock = all.filter((_) => _.integration.slug === "stock")
      assert.approximately(share(stock, (_) => _.wanted.includes("large-items")), 0.47, 0.03)
    }))

  it("falls to the integrations by their shares", () => {
    const slugs = Array.makeBy(100, (index) => pick(index / 100).slug)
    for (const { share: wanted, slug } of integrations) {
      assert.approximately(share(slugs, (_) => _ === slug), wanted, 0.02)
    }
  })
})
