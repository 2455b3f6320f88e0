import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as Graces from "../../src/services/Graces.ts"
import * as Grounds from "../support/Grounds.ts"

const settings = Grounds.settings()
const millis = (graces: Graces.Graces) => Object.values(graces).map((_) => Duration.toMillis(_))

describe("the doctor's graces", () => {
  it("are what the protocol needs, where there is no slack", () => {
    const { sweep } = settings
    const graces = Graces.make(settings, Duration.zero)
    assert.deepStrictEqual(graces.pending, Duration.sum(sweep.grace, sweep.every))
    assert.deepStrictEqual(graces.retry, sweep.retrySlack)
    assert.deepStrictEqual(graces.marker, sweep.markerPatience)
    assert.deepStrictEqual(graces.inHand, Duration.sum(settings.lockTtl, settings.deliveryTimeout))
  })

  it("grow with the slack, each by once or more of it", () => {
    const slack = Duration.minutes(5)
    const tight = millis(Graces.make(settings, Duration.zero))
    millis(Graces.make(settings, slack)).forEach((grace, index) =>
      assert.isAtLeast(grace - (tight[index] ?? 0), Duration.toMillis(slack))
    )
  })

  it("leave what is held for an hour, by default", () => {
    assert.deepStrictEqual(Duration.toHours(Graces.make(settings, Duration.minutes(5)).held), 1)
  })
})
