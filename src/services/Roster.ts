/**
 * What is under way, in the order in which it began, for what comes and goes by the thousand. A `Set` or a `Map` of it costs the
 * garbage collector far more: each table that V8 outgrows points to the one after it, so that once one has become old, whatever
 * stood in a later one becomes old as well.
 */
export interface Roster<A> extends Iterable<A> {
  /** All that are in it now, whoever leaves meanwhile. */
  readonly [Symbol.iterator]: () => IterableIterator<A>
  /** Enters a value; what is given takes it out again. */
  readonly enter: (value: A) => () => void
  /** The one that has been in it longest. */
  readonly first: () => A | undefined
}

interface Entry<A> {
  readonly value: A
  before: Entry<A> | undefined
  after: Entry<A> | undefined
}

export const make = <A>(): Roster<A> => {
  let first: Entry<A> | undefined
  let last: Entry<A> | undefined

  const enter = (value: A) => {
    const entry: Entry<A> = { value, before: last, after: undefined }
    if (last === undefined) first = entry
    else last.after = entry
    last = entry
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      const { after, before } = entry
      if (before === undefined) first = after
      else before.after = after
      if (after === undefined) last = before
      else after.before = before
      // An old entry would keep the next ones.
      entry.before = entry.after = undefined
    }
  }
  return {
    enter,
    first: () => first?.value,
    [Symbol.iterator]: () => {
      const values: Array<A> = []
      for (let entry = first; entry !== undefined; entry = entry.after) values.push(entry.value)
      return values.values()
    }
  }
}
