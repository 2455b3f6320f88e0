import * as Ids from "../wire/Ids.ts"
import type { Behaviour, Page } from "./Sink.ts"

/** Who was called about what, and what was answered. */
export interface Book {
  /** Notes a call, and says whether it succeeds. */
  readonly note: (destination: string, id: string, call: Call, behaviour: Behaviour) => boolean
  readonly count: () => { readonly delivered: number; readonly calls: number }
  readonly pages: () => ReadonlyArray<Page>
}

export interface Call {
  readonly at: number
  /** Whether the body is the webhook's own. */
  readonly isWhole: boolean
}

interface Growing {
  spoiled: number
  successes: Uint16Array
  refusals: Uint16Array
  at: Float64Array
}

const least = 4_096

export const make = (): Book => {
  const batches = new Map<string, { readonly destination: string; readonly batch: string; readonly page: Growing }>()
  let delivered = 0
  let calls = 0

  const pageOf = (destination: string, batch: string): Growing => {
    const key = `${destination} ${batch}`
    const known = batches.get(key)
    if (known !== undefined) return known.page
    const page = {
      spoiled: 0,
      successes: new Uint16Array(least),
      refusals: new Uint16Array(least),
      at: new Float64Array(least)
    }
    batches.set(key, { destination, batch, page })
    return page
  }

  return {
    note: (destination, id, { at, isWhole }, { failing }) => {
      const number = Ids.numberOf(id)
      const page = pageOf(destination, Ids.batchOf(id))
      if (number >= page.at.length) grow(page, number)
      calls += 1
      if (!isWhole) page.spoiled += 1
      const refusals = page.refusals[number] ?? 0
      const successes = page.successes[number] ?? 0
      if (successes + refusals === 0 && number * failing % 1 < failing) {
        page.refusals[number] = 1
        return false
      }
      if (successes === 0) {
        delivered += 1
        page.at[number] = at
      }
      page.successes[number] = successes + 1
      return true
    },
    count: () => ({ delivered, calls }),
    pages: () => Array.from(batches.values(), ({ batch, destination, page }) => ({ batch, destination, ...page }))
  }
}

const grow = (page: Growing, number: number): void => {
  let length = page.at.length
  while (length <= number) length *= 2
  page.successes = copied(new Uint16Array(length), page.successes)
  page.refusals = copied(new Uint16Array(length), page.refusals)
  page.at = copied(new Float64Array(length), page.at)
}

const copied = <A extends Uint16Array | Float64Array>(to: A, from: A): A => {
  to.set(from)
  return to
}
