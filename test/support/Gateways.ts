import { Layer } from "effect"
import { describe } from "vitest"
import type { Settings } from "../../src/services/Settings.ts"
import * as Gateway from "./Gateway.ts"
import * as Grounds from "./Grounds.ts"
import { TestDatabase } from "./TestDatabase.ts"

/** Both roles on the twins, with a database of their own. */
export const onTwins = (changes: Partial<typeof Settings.Service> = {}) =>
  Gateway.both.pipe(Layer.provideMerge(Layer.merge(Grounds.twins(Grounds.settings(changes)), TestDatabase)))

/** Both roles on the real servers of this run. */
export const onServers = (changes: Partial<typeof Settings.Service> = {}) =>
  Gateway.both.pipe(Layer.provideMerge(Layer.merge(Grounds.real(Grounds.settings(changes)), TestDatabase)))

/** The same assertions on the twins and on the real servers, where this run has them. */
export const onEach = (
  name: string,
  suite: (gateway: typeof onTwins) => void
): void => {
  describe(`${name} on the twins`, () => suite(onTwins))
  describe.runIf(Grounds.realServers)(`${name} on Redis and RabbitMQ`, () => suite(onServers))
}
