import { connect, Socket } from "node:net"
import * as Framing from "../wire/Framing.ts"
import * as Monotonic from "../wire/Monotonic.ts"
import type { Requests } from "./Requests.ts"
import { type Report, unsent, type Volley } from "./Volley.ts"

interface Connection {
  readonly port: number
  socket: Socket
  /** The place of the request that it waits for; none while it is free. */
  current: number
}

const none = -1
/** How long the next answer is waited for. */
const patienceMs = 30_000
const tickMs = 1

/** Sends a volley over connections that are open already; each has one request in flight. */
export const fire = async (volley: Volley, requests: Requests): Promise<Report> => {
  const { count, perSecond, seconds } = volley
  const sentAt = new Float64Array(count)
  const answeredAt = new Float64Array(count)
  const statuses = new Uint16Array(count).fill(unsent)
  const free: Array<Connection> = []
  /** Places that are due, but for which no connection was free. */
  const waiting: Array<number> = []
  let nextWaiting = 0
  let next = 0
  let inFlight = 0
  let lateness = 0
  let deadline = Number.POSITIVE_INFINITY
  let heardAt = Monotonic.now()
  let finish: () => void = () => undefined

  const send = (connection: Connection, place: number) => {
    connection.current = place
    statuses[place] = 0
    inFlight += 1
    requests.write(connection.socket, place)
  }
  const isOver = () =>
    inFlight === 0 && nextWaiting === waiting.length && (next === count || Monotonic.now() >= deadline)
  const proceed = (connection: Connection) => {
    connection.current = none
    if (perSecond === null) {
      const now = Monotonic.now()
      if (next < count && now < deadline) {
        sentAt[next] = now
        return send(connection, next++)
      }
    } else {
      const place = waiting[nextWaiting]
      if (place !== undefined) {
        nextWaiting += 1
        return send(connection, place)
      }
    }
    free.push(connection)
    if (isOver()) finish()
  }
  const answered = (connection: Connection, status: number) => {
    if (connection.current === none) return
    heardAt = Monotonic.now()
    answeredAt[connection.current] = status === 0 ? 0 : heardAt
    statuses[connection.current] = status
    inFlight -= 1
    proceed(connection)
  }

  const open = (connection: Connection) =>
    new Promise<void>((resolve) => {
      const socket = connect({ port: connection.port, host: "127.0.0.1", noDelay: true })
      const take = Framing.make((head) => answered(connection, Number(head.slice(9, 12))))
      connection.socket = socket.on("connect", resolve).on("data", take).on("error", () => undefined)
      socket.on("close", () => {
        // Another one first: the request that is lost with it must not be followed by one on a dead socket.
        if (ended) return
        open(connection)
        answered(connection, 0)
      })
    })
  let ended = false
  const connections = Array.from({ length: volley.connections }, (_, index): Connection => ({
    port: volley.ports[index % volley.ports.length] ?? 0,
    socket: new Socket(),
    current: none
  }))
  await Promise.all(connections.map(open))

  const startedAt = Monotonic.now()
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })
  if (seconds !== null) deadline = startedAt + seconds * 1_000
  const patience = setInterval(() => {
    if (inFlight > 0 && Monotonic.now() - heardAt > patienceMs) finish()
  }, patienceMs / 10)

  if (perSecond === null) {
    for (const connection of connections) proceed(connection)
  } else {
    free.push(...connections)
    const tick = () => {
      const now = Monotonic.now()
      while (next < count) {
        const due = startedAt + next * 1_000 / perSecond
        if (due > now) break
        sentAt[next] = due
        // In turn, so that no server closes one for being idle.
        const connection = free.shift()
        if (connection === undefined) waiting.push(next)
        else {
          lateness = Math.max(lateness, now - due)
          send(connection, next)
        }
        next += 1
      }
      if (next < count) setTimeout(tick, tickMs)
    }
    tick()
  }
  await over
  ended = true
  clearInterval(patience)
  for (const { socket } of connections) socket.destroy()
  return { numbers: requests.numbers, sentAt, answeredAt, statuses, startedAt, endedAt: Monotonic.now(), lateness }
}
