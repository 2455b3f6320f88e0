import { Array, Chunk, Effect, Order, Random } from "effect"
import type { Books } from "./Books.ts"
import * as Kinds from "./Kinds.ts"

/** One fault of a run: when it begins, in seconds from the start of the faults, what, to whom, and for how long. */
export interface Trouble {
  readonly at: number
  readonly kind: Kinds.Kind
  readonly target: string
  readonly seconds: number
}

export interface Options {
  readonly seed: string
  /** How long the faults last altogether. */
  readonly seconds: number
  readonly kinds: ReadonlyArray<Kinds.Kind>
}

/** Seconds between the moments at which faults begin, on the average. Most last longer, so they overlap. */
const spacing = 6
/** How often so many begin at once: six times of ten one, three times two, once three. */
const sizes = [1, 1, 1, 1, 1, 1, 2, 2, 2, 3]

/** The faults of a seed, in the order of time. None comes a second time before each has come once. */
export const make = ({ kinds, seconds, seed }: Options): Effect.Effect<ReadonlyArray<Trouble>> =>
  Effect.gen(function*() {
    const [callbacks, others] = Array.partition(kinds, (kind) => !Kinds.isCallbackKind(kind))
    const troubles = [...yield* track(others, seconds), ...yield* track(callbacks, seconds)]
    return Array.sortBy(Order.mapInput(Order.number, (_: Trouble) => _.at))(troubles)
  }).pipe(Effect.withRandom(Random.make(seed)))

/** What a run did not try although it was planned. */
export const untried = (
  plan: ReadonlyArray<Trouble>,
  { calls, incidents }: Pick<Books, "calls" | "incidents">
): ReadonlyArray<string> => {
  const done = new Set(incidents.filter(({ failure }) => failure === null).map(({ kind }) => kind))
  const met = new Set<string>(calls.map(({ character }) => `callback-${character}`))
  return [...new Set(plan.map(({ kind }) => kind))].flatMap((kind) => {
    if (!done.has(kind)) return [`${kind} was planned and could never be done`]
    return Kinds.isCallbackKind(kind) && !met.has(kind) ? [`${kind} was done and met no call`] : []
  })
}

const track = Effect.fnUntraced(function*(kinds: ReadonlyArray<Kinds.Kind>, seconds: number) {
  if (kinds.length === 0) return []
  const moments = Math.max(1, Math.floor(seconds / spacing))
  const troubles: Array<Trouble> = []
  let bag: ReadonlyArray<Kinds.Kind> = []
  for (let moment = 0; moment < moments; moment++) {
    const at = (moment + (yield* Random.next)) * (seconds / moments)
    const size = Math.min(yield* oneOf(sizes, 1), kinds.length)
    for (let one = 0; one < size; one++) {
      if (bag.length === 0) bag = Chunk.toReadonlyArray(yield* Random.shuffle(kinds))
      const [kind, ...rest] = bag
      bag = rest
      if (kind !== undefined) troubles.push(yield* trouble(kind, at, seconds))
    }
  }
  return troubles
})

const trouble = Effect.fnUntraced(function*(kind: Kinds.Kind, at: number, end: number) {
  const { seconds: [least, most], targets } = Kinds.shapeOf(kind)
  const target = yield* oneOf(targets, "")
  const seconds = Math.min(least + (yield* Random.next) * (most - least), Math.max(0, end - at))
  return { at: tenths(at), kind, target, seconds: tenths(seconds) } satisfies Trouble
})

const oneOf = <A>(all: ReadonlyArray<A>, otherwise: A): Effect.Effect<A> =>
  Effect.map(Random.nextIntBetween(0, all.length), (index) => all[index] ?? otherwise)

const tenths = (seconds: number): number => Math.round(seconds * 10) / 10
