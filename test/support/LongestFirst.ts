import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Those that start servers and processes or wait for time to pass, which no length of a file tells, the longest first. */
const longest = [
  "gateway/ManagementOutages",
  "layers/EmbeddedPostgres",
  "processes/Start",
  "processes/Doctor",
  "layers/broker/RabbitMqOutage",
  "layers/broker/RabbitMqTrouble",
  "gateway/Fairness",
  "gateway/BulkReplays",
  "services/Doctor",
  "processes/Terminate",
  "processes/Kill",
  "hostile/Memory",
  "processes/Replay",
  "layers/broker/Settlement",
  "gateway/Outages",
  "gateway/Secrets"
].map((name) => `/test/${name}.test.ts`)

const place = ({ moduleId }: TestSpecification) => {
  const index = longest.findIndex((name) => moduleId.endsWith(name))
  return index < 0 ? longest.length : index
}

/** Begins with the longest, so that no worker is left alone with one of them at the end of the run. */
export class LongestFirst extends BaseSequencer {
  override sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    // oxlint-disable-next-line unicorn/no-array-sort -- It is no array's.
    return super.sort(files).then((sorted) => sorted.toSorted((one, other) => place(one) - place(other)))
  }
}
