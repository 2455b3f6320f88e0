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

const kindsOf = (all: ReadonlyArray<{ readonly kind: Kinds.Kind }>) => [...new Set(all.map(({ kind }) => kind))]

/** What was planned and never happened: such a run shows less than it says. */
export const undone = (
  plan: ReadonlyArray<Trouble>,
  { incidents }: Pick<Books, "incidents">
): ReadonlyArray<string> => {
  const done = new Set(incidents.filter(({ failure }) => failure === null).map(({ kind }) => kind))
  return kindsOf(plan).filter((kind) => !done.has(kind)).map((kind) => `${kind} was planned and could never be done`)
}

/** Which manners of callbacks no call has met, though they had them. */
export const unmet = ({ calls, incidents }: Pick<Books, "calls" | "incidents">): ReadonlyArray<string> => {
  const met = new Set<string>(calls.map(({ character }) => `callback-${character}`))
  return kindsOf(incidents)
    .filter((kind) => Kinds.isCallbackKind(kind) && !met.has(kind))
    .map((kind) => `${kind} was done and met no call`)
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
