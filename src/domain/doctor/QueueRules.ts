import type { Depths } from "./Depths.ts"
import type { Rule, Subject } from "./Rule.ts"

/** A rule that looks at the queues alone. */
export interface QueueRule extends Rule {
  readonly judge: (depths: Depths) => ReadonlyArray<Subject>
}

const missing: QueueRule = {
  id: "queue-missing",
  title: "Queues that do not exist",
  severity: "critical",
  meaning: "RabbitMQ has no queue of this name. The API and the workers declare every queue when they connect, so " +
    "either none has connected since the queue was deleted, or they run with other names or retry delays than this " +
    "doctor.",
  advice: "Compare RABBITMQ_PROCESS_QUEUE, RABBITMQ_RETRY_QUEUE, RABBITMQ_REPLAY_QUEUE, RABBITMQ_DEAD_LETTER_QUEUE, " +
    "RETRY_BASE_DELAY_MS and RETRY_MAX_DELAY_MS here with those of the workers. If they agree, start or restart a " +
    "worker: it declares what is missing, and what the queue held is queued again from the database.",
  judge: ({ missing }) => missing.map((name) => ({ subject: name, detail: "does not exist" }))
}

const unconsumed: QueueRule = {
  id: "queue-without-consumer",
  title: "Queues with messages that nobody takes",
  severity: "critical",
  meaning: "Messages wait, and no worker is connected to take them, so nothing is delivered.",
  advice:
    "Start a worker (node dist/worker/worker.js, or npm start). If one runs, read its log for the reason that it " +
    "cannot consume: it says so as \"RabbitMQ is not connected\" or \"A consumer lost its channel\". GET /api/v1/queues " +
    "shows the consumers of each queue.",
  judge: ({ process, replay, retry }) =>
    [process, retry, replay].filter(({ consumers, messages }) => messages > 0 && consumers === 0)
      .map(({ messages, name }) => ({ subject: name, detail: `${messages} messages, no consumer` }))
}

const deadLetters: QueueRule = {
  id: "dead-letters",
  title: "Messages in the dead-letter queue",
  severity: "warning",
  meaning: "A message could not be processed: it is malformed, of a newer version than the workers, or it was handed " +
    "out too often. A delivery that it asked for is not lost: the sweeper queues it again from the database.",
  advice:
    "GET /api/v1/queues/{name}/messages shows each message and why it died; a worker's log says so too, as \"A message cannot " +
    "be processed and is kept in the dead-letter queue\". After a rollback that met newer messages, roll forward again. Once " +
    "the cause is mended, POST /api/v1/queues/{name}/requeue brings them back to where they died, and POST " +
    "/api/v1/queues/{name}/purge removes what is left.",
  judge: ({ deadLetter: { messages, name } }) =>
    messages === 0 ? [] : [{ subject: name, detail: `${messages} messages` }]
}

export const queueRules: ReadonlyArray<QueueRule> = [missing, unconsumed, deadLetters]
