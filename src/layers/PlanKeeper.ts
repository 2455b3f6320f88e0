import { Predicate } from "effect"
import { createHash } from "node:crypto"
import { Client } from "pg"
import { keepsPlan } from "../services/store/Store.ts"

// PostgreSQL's SQLSTATEs for a prepared statement that is not there, or is there already: a pooler lends its connections from
// one transaction to the next, and does not know of prepared statements.
const lent = new Set(["26000", "42P05"])
// A prepared statement's columns are no longer of the types that they were when it was prepared.
const outdated = "0A000"

/**
 * The clients of one pool. They prepare the statements that ask for it, once for each connection; a name tells the text, so
 * that it is the right statement whoever prepared it. Where a pooler is in between that does not take prepared statements,
 * all clients go without.
 */
export const make = () => {
  const names = new Map<string, string>()
  let possible = true
  let editions = 0

  const nameOf = (text: string): string => {
    const known = names.get(text) ?? `sluice_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`
    names.set(text, known)
    return known
  }

  /** Whether the statement is to be tried once more. */
  const giveWay = (text: string, error: unknown): boolean => {
    const code = Predicate.hasProperty(error, "code") ? error.code : undefined
    if (Predicate.isString(code) && lent.has(code)) possible = false
    // The same text under the next name is prepared anew.
    else if (code === outdated) names.set(text, `${nameOf(text).slice(0, 39)}_${++editions}`)
    else return false
    return true
  }

  return class PlanKeeper extends Client {
    override query(...args: ReadonlyArray<unknown>) {
      const plainly = () => Reflect.apply(super.query, this, args)
      const [text, values, done] = args
      if (!possible || !Predicate.isString(text) || !keepsPlan(text) || !Predicate.isFunction(done)) return plainly()
      const tell = (error: unknown, result: unknown) =>
        error !== null && giveWay(text, error) ? plainly() : Reflect.apply(done, undefined, [error, result])
      return Reflect.apply(super.query, this, [{ name: nameOf(text), text, values }, tell])
    }
  }
}
