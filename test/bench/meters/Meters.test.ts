import { assert, describe, it } from "@effect/vitest"
import * as Proc from "../../../bench/meters/Proc.ts"
import * as Tally from "../../../bench/meters/Tally.ts"

describe("the meters", () => {
  it("add up the time of a process and of the children that it saw end, whatever its name holds", () => {
    const stat = "4711 (a (b) 1 2) S 1 1 1 0 -1 4194560 1000 0 0 0 150 50 20 5 20 0 11 0 12345 1000 200"
    assert.strictEqual(Proc.cpuSecondsOf(stat), 2.25)
  })

  it("leave shared memory out, and of a child also the files", () => {
    const status =
      "Name:\tpostgres\nVmRSS:\t  204800 kB\nRssAnon:\t   51200 kB\nRssFile:\t   51200 kB\nRssShmem:\t  102400 kB\n"
    assert.strictEqual(Proc.megabytesOf(status), 100)
    assert.strictEqual(Proc.ownMegabytesOf(status), 50)
  })

  it("see themselves", () => {
    const { cpuSeconds, megabytes } = Proc.familyOf(process.pid)
    assert.isAbove(cpuSeconds, 0)
    assert.isAbove(megabytes, 10)
  })

  it("count the messages that RabbitMQ received by every protocol", () => {
    const overview = `#{[{protocol,amqp091}] =>
      #{consumers => 2,messages_confirmed_total => 40,messages_received_confirm_total => 40,
        messages_received_total => 41,publishers => 1},
     [{protocol,amqp10}] => #{messages_received_total => 2}}`
    assert.strictEqual(Tally.received(overview), 43)
  })
})
