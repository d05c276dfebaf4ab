import { describe, expect, it } from 'vitest';
import { judgeScores } from '../../../gpu-worker/ml/safety/judge-scores.ts';

const distant = (count: number) => new Array<number>(count).fill(-0.1);

describe('a picture is', () => {
  it('passed when it is far from every concept', () => {
    expect(judgeScores(distant(3), distant(17))).toEqual({ flagged: false, concepts: [] });
  });

  it('flagged for each concept whose threshold it passes', () => {
    const scores = distant(17);
    scores[2] = 0.01;
    scores[16] = 0.2;
    expect(judgeScores(distant(3), scores)).toEqual({ flagged: true, concepts: [2, 16] });
  });

  it('never flagged for a special concept alone', () => {
    expect(judgeScores([0.5, 0.5, 0.5], distant(17)).flagged).toBe(false);
  });

  it('judged by a hundredth more strictly when it is close to a special concept', () => {
    const scores = distant(17);
    scores[5] = -0.009;
    expect(judgeScores(distant(3), scores).flagged).toBe(false);
    expect(judgeScores([-0.1, 0.001, -0.1], scores)).toEqual({ flagged: true, concepts: [5] });
  });

  it('passed when its score rounds to zero in three digits, as in diffusers', () => {
    const scores = distant(17);
    scores[0] = 0.0005;
    expect(judgeScores(distant(3), scores).flagged).toBe(false);
    scores[0] = 0.00051;
    expect(judgeScores(distant(3), scores).flagged).toBe(true);
  });
});
