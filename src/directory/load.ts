/**
 * How loaded the process is: memory against what is allotted, and of the last minute CPU against all cores and
 * response times. `look` is called by the alert board on its timer; the last answer is kept
 * for the metrics page. Reads /proc where there is one.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Clock } from '../clock.ts';
import type { ThreadMetrics } from '../protocol/metrics.ts';
import { type Buckets, bucketsOf, type IsCounted, spreadBetween } from './readings.ts';

export interface Memory {
  readonly residentBytes: number;
  readonly anonymousBytes: number;
  readonly allottedBytes: number;
}

export interface LoadView {
  /** Over about the last minute, so that one short rest does not hide minutes of strain; null at the first look. */
  readonly cpuShare: number | null;
  /** Over about the last minute. */
  readonly responseP95Ms: number | null;
  readonly requestsPerMinute: number;
}

interface Look {
  readonly at: number;
  readonly cpuSeconds: number;
  readonly responses: Buckets;
}

const windowMs = 60_000;
const responseMetric = 'elenco_http_request_duration_seconds';
/** What callers feel: neither probes, which would dilute it, nor requests that asked to wait. */
const isCounted: IsCounted = ({ route, waited }) => waited === 'no' && String(route).startsWith('/v1/');
/** Fewer requests say nothing about the slowest twentieth. */
const requestsMin = 5;

/** Memory of the process without mapped files (RssAnon), where the system tells it. */
function anonymousBytes(residentBytes: number): number {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? residentBytes : Number(kilobytes) * 1_024;
  } catch {
    return residentBytes;
  }
}

/** The limit of the container, or the memory of the machine. */
export function readMemory(): Memory {
  const residentBytes = process.memoryUsage.rss();
  const machine = totalmem();
  const limit = process.constrainedMemory();
  const allottedBytes = limit > 0 && limit < machine ? limit : machine;
  return { residentBytes, anonymousBytes: anonymousBytes(residentBytes), allottedBytes };
}

export class Load {
  #clock: Clock;
  #looks: Look[] = [];
  #view: LoadView = { cpuShare: null, responseP95Ms: null, requestsPerMinute: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get view(): LoadView {
    return this.#view;
  }

  look(threads: readonly ThreadMetrics[]): LoadView {
    const at = this.#clock.elapsed();
    const { user, system } = process.cpuUsage();
    const responses = bucketsOf(threads, responseMetric, isCounted);
    const now: Look = { at, cpuSeconds: (user + system) / 1e6, responses };
    while (this.#looks[1] && at - this.#looks[1].at >= windowMs) this.#looks.shift();
    const oldest = this.#looks[0];
    this.#looks.push(now);
    this.#view = { cpuShare: oldest ? cpuShare(oldest, now) : null, ...responsesOf(oldest, now) };
    return this.#view;
  }
}

function cpuShare(before: Look, now: Look): number | null {
  const seconds = (now.at - before.at) / 1_000;
  return seconds <= 0 ? null : (now.cpuSeconds - before.cpuSeconds) / seconds / availableParallelism();
}

function responsesOf(
  oldest: Look | undefined,
  now: Look,
): Pick<LoadView, 'responseP95Ms' | 'requestsPerMinute'> {
  if (!oldest || now.at <= oldest.at) return { responseP95Ms: null, requestsPerMinute: 0 };
  const { count, percentile } = spreadBetween(oldest.responses, now.responses, 0.95);
  return {
    responseP95Ms: percentile === null || count < requestsMin ? null : percentile * 1_000,
    requestsPerMinute: (count * windowMs) / (now.at - oldest.at),
  };
}
