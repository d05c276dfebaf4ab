import { answerOf, type Generation } from '../../../client/create-client.ts';
import { followEvents } from '../../../client/follow-events.ts';
import { errorText } from '../error-text.ts';
import type { Drawable } from './concept-list.ts';
import { createRunView, type RunView } from './run-view.ts';
import { generationRequest, type Sentence } from './sentence-form.ts';
import type { Session } from './session.ts';

const ENDINGS: Readonly<Record<string, string>> = {
  canceled: 'Cancelled.',
  expired: 'No worker took it in time.',
};

/** Has a sentence drawn with a concept. Throws when the service refuses it; what comes after is told in its view. */
export async function draw(session: Session, sentence: Sentence, concept: Drawable): Promise<void> {
  const body = generationRequest(sentence, concept.reference);
  const made = await answerOf(session.client.POST('/v1/generations', { body }));
  if (made.object !== 'generation') {
    throw new Error(`expected a generation, got a ${made.object}`);
  }
  const { id } = made;
  const view = createRunView(sentence.prompt, () => {
    void session.client.POST('/v1/generations/{id}/cancel', { params: { path: { id } } });
  });
  view.queued(made.queue_position);
  await follow(session, made, view, concept).catch((error) => view.fail(errorText(error)));
}

async function follow({ token }: Session, made: Generation, view: RunView, concept: Drawable): Promise<void> {
  for await (const { progress, object } of followEvents(made.links.events, { token })) {
    if (object?.object === 'generation') {
      showEnd(object, view, concept);
    } else if (progress) {
      view.step(progress.step, progress.steps);
    }
  }
}

function showEnd(generation: Generation, view: RunView, concept: Drawable): void {
  if (generation.status === 'succeeded') {
    view.show(generation, concept);
  } else {
    view.fail(ENDINGS[generation.status] ?? generation.error?.message ?? `It ended as ${generation.status}.`);
  }
}
