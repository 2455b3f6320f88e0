import { Context, Effect, type Option } from "effect"

export interface PoolState {
  readonly max: number
  readonly used: number
  readonly idle: number
  /** Statements that wait for a connection. */
  readonly waiting: number
}

/** The process' connections to PostgreSQL; none where its client has no pool that could be looked at. */
export class ConnectionPool extends Context.Reference<ConnectionPool>()("sluice/services/ports/ConnectionPool", {
  defaultValue: (): { readonly look: Effect.Effect<Option.Option<PoolState>> } => ({ look: Effect.succeedNone })
}) {}
