import type { LookupAddress, LookupAllOptions, LookupOptions } from "node:dns"

export type Answer = (error: NodeJS.ErrnoException | null, addresses: Array<LookupAddress>) => void

/** Asks the system for every address of a name; `lookup` of `node:dns`. */
export type Ask = (hostname: string, options: LookupAllOptions, answer: Answer) => void

/** The same, whatever else the options ask for. */
export type Lookup = (hostname: string, options: LookupOptions, answer: Answer) => void

/**
 * Asks for a name once at a time: whoever asks meanwhile gets the same answer. Each question holds one of the few threads that
 * all lookups of a process share, and a name whose servers are dead holds it for many seconds.
 */
export const oneAtATime = (ask: Ask): Lookup => {
  const asked = new Map<string, Array<Answer>>()
  return (hostname, options, answer) => {
    const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0}`
    const waiting = asked.get(key)
    if (waiting !== undefined) return void waiting.push(answer)
    const answers = [answer]
    asked.set(key, answers)
    ask(hostname, { ...options, all: true }, (error, addresses) => {
      asked.delete(key)
      for (const each of answers) each(error, addresses)
    })
  }
}
