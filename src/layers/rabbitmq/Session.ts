import { type Channel, type ChannelModel, connect } from "amqplib"
import {
  Deferred,
  Duration,
  Effect,
  Option,
  Predicate,
  Redacted,
  Schedule,
  type Scope,
  Stream,
  SubscriptionRef
} from "effect"
import { constVoid } from "effect/Function"
import { Duplex } from "node:stream"
import { BrokerError } from "../../services/ports/Broker.ts"

const connectTimeout = Duration.seconds(5)
const heartbeatSeconds = 10
const farewell = Duration.seconds(2)

const reconnect = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.jittered
)

/** One connection that is opened again whenever it is lost, with what was opened on it. */
export interface Session<A> {
  /** What is open now; fails when nothing is within the time. */
  readonly current: (patience: Duration.Duration) => Effect.Effect<A, BrokerError>
}

export interface Opened<A> {
  readonly value: A
  /** Fails when what was opened is lost although its connection is not. */
  readonly lost: Effect.Effect<never, BrokerError>
}

/** Keeps a session for the life of the scope. `open` sets up what is needed on each new connection. */
export const make = Effect.fnUntraced(function*<A>(
  options: { readonly url: Redacted.Redacted; readonly name: string },
  open: (connection: ChannelModel) => Effect.Effect<Opened<A>, BrokerError, Scope.Scope>
): Effect.fn.Return<Session<A>, never, Scope.Scope> {
  const state = yield* SubscriptionRef.make(Option.none<A>())

  yield* Effect.gen(function*() {
    const connection = yield* acquireConnection(options)
    const gone = yield* lost(connection)
    const opened = yield* Effect.raceFirst(open(connection), gone)
    yield* Effect.acquireRelease(
      SubscriptionRef.set(state, Option.some(opened.value)),
      () => SubscriptionRef.set(state, Option.none())
    )
    return yield* Effect.raceFirst(gone, opened.lost)
  }).pipe(
    Effect.scoped,
    Effect.tapError((error) =>
      Effect.logWarning("RabbitMQ is not connected; connecting again", { connection: options.name }, error)
    ),
    // A connection that held for a while begins the delays anew.
    Effect.retry(Schedule.resetAfter(reconnect, "30 seconds")),
    Effect.forkScoped
  )

  const next = state.changes.pipe(Stream.filterMap((_) => _), Stream.runHead, Effect.flatten, Effect.orDie)

  return {
    current: (patience) =>
      Effect.flatMap(
        state,
        Option.match({
          onSome: Effect.succeed,
          onNone: () =>
            Effect.timeoutFail(next, {
              duration: patience,
              onTimeout: () => new BrokerError({ reason: "Unavailable", cause: "RabbitMQ is not connected" })
            })
        })
      )
  }
})

export const attempt = <A>(reason: BrokerError["reason"], promise: () => Promise<A>): Effect.Effect<A, BrokerError> =>
  Effect.tryPromise({ try: promise, catch: (cause) => new BrokerError({ reason, cause }) })

/** A channel for the life of the scope. */
export const acquireChannel = <C extends Channel>(open: () => Promise<C>): Effect.Effect<C, BrokerError, Scope.Scope> =>
  Effect.acquireRelease(
    // An error that nobody listens to would end the whole connection. Who waits for the channel sees its close as well.
    Effect.map(attempt("Unavailable", open), (channel) => channel.on("error", constVoid)),
    (channel) => goodbye(() => channel.close())
  )

/** Fails once the connection or channel is closed. An "error" event always comes before a "close" that it caused. */
export const lost = (emitter: ChannelModel | Channel): Effect.Effect<Effect.Effect<never, BrokerError>> =>
  Effect.map(Deferred.make<never, BrokerError>(), (deferred) => {
    let cause: unknown = "closed"
    emitter.on("error", (error: unknown) => {
      cause = error
    })
    emitter.on("close", () => Deferred.unsafeDone(deferred, new BrokerError({ reason: "Unavailable", cause })))
    return Deferred.await(deferred)
  })

// close() waits for a broker that may be gone.
const goodbye = (close: () => Promise<unknown>): Effect.Effect<void> =>
  Effect.tryPromise(close).pipe(Effect.interruptible, Effect.timeout(farewell), Effect.ignore)

/** A connection for the life of the scope. Whoever has it listens for its loss. */
export const acquireConnection = ({ name, url }: { readonly url: Redacted.Redacted; readonly name: string }) =>
  Effect.acquireRelease(
    attempt("Unavailable", () =>
      connect(withHeartbeat(Redacted.value(url)), {
        timeout: Duration.toMillis(connectTimeout),
        noDelay: true,
        clientProperties: { connection_name: name }
      })).pipe(Effect.map(sendTogether)),
    (connection) => goodbye(() => connection.close())
  )

/** The driver writes every frame by itself. What it writes until the next tick goes out as one here. */
const sendTogether = (model: ChannelModel): ChannelModel => {
  const { connection } = model
  const stream = Predicate.hasProperty(connection, "stream") ? connection.stream : undefined
  if (!(stream instanceof Duplex)) return model
  const write = stream.write.bind(stream)
  const send = () => stream.uncork()
  stream.write = (...args: ReadonlyArray<unknown>) => {
    if (stream.writableCorked === 0) {
      stream.cork()
      process.nextTick(send)
    }
    return Reflect.apply(write, undefined, args)
  }
  return model
}

// Without one a server that has gone silent would never be noticed.
const withHeartbeat = (text: string): string => {
  const url = new URL(text)
  if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", String(heartbeatSeconds))
  return url.href
}
