import { describe, expect, it } from 'vitest';
import { unixMs } from '@assay/shared/kernel/clock';
import { JOB_VECTOR, knownTemplate, sentJob } from '../../test/known-work.ts';
import { createJob, jobNtime, notifyParams } from './job.ts';

describe('a job', () => {
  it('is told as example A1 says', () => {
    const { job } = sentJob(JOB_VECTOR.k);
    expect(notifyParams(job, true)).toEqual([
      '00000118',
      JOB_VECTOR.notifyPrevHash,
      JOB_VECTOR.coinbasePrefix,
      JOB_VECTOR.coinbaseSuffix,
      JOB_VECTOR.merkleBranch,
      JOB_VECTOR.template.version,
      JOB_VECTOR.template.bits,
      '6b00fd78',
      true,
    ]);
    expect(job.template.id).toBe(JOB_VECTOR.templateId);
  });

  it('has an id of six digits of the counter and two of k + 32', () => {
    const template = knownTemplate();
    const ids = [
      createJob(template, -32, 1, 0),
      createJob(template, 44, 0xabcdef, 0),
      createJob(template, 0, 0x1000001, 0),
    ];
    expect(ids.map(({ id }) => id)).toEqual(['00000100', 'abcdef4c', '00000120']);
  });

  it('has the time of its template, plus whole seconds since the fetch, and never less than min_ntime', () => {
    const template = knownTemplate();
    const fetchedAt = unixMs(1_795_227_000_000);
    expect(jobNtime(template, template.minNtime + 50, fetchedAt, unixMs(fetchedAt + 2_999))).toBe(
      template.minNtime + 52,
    );
    expect(jobNtime(template, template.minNtime - 50, fetchedAt, fetchedAt)).toBe(template.minNtime);
    expect(jobNtime(template, template.minNtime, fetchedAt, unixMs(fetchedAt - 5_000))).toBe(template.minNtime);
  });
});
