// TUNER_PLAN is a JSON object; see k6.py.
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

const plan = JSON.parse(__ENV.TUNER_PLAN);
const latency = new Trend('tuner_latency', true);
const good = new Counter('tuner_good');
const kinds = {};
for (const kind of plan.kinds) kinds[kind] = new Counter(`tuner_error_${kind}`);
const total = plan.requests.reduce((sum, one) => sum + one.weight, 0);

export const options = plan.options;

function choose() {
  if (plan.requests.length === 1) return plan.requests[0];
  let point = Math.random() * total;
  return plan.requests.find((one) => (point -= one.weight) < 0) || plan.requests[0];
}

function send() {
  const one = choose();
  return http.request(one.method, one.url, one.body, { headers: one.headers, timeout: plan.timeout });
}

export function warm() {
  send();
}

export function load() {
  const answer = send();
  if (answer.status > 0 && answer.status < 400) {
    good.add(1);
    // Waiting for a connection, which opening it is part of, and the request itself.
    latency.add(answer.timings.blocked + answer.timings.duration);
    return;
  }
  const name = answer.status > 0 ? `status_${answer.status}` : `code_${answer.error_code}`;
  (kinds[name] || kinds.other).add(1);
}
