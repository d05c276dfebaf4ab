import { html } from 'hono/html';

/** Choose or take a photo, paint what in it matters, encode it. */
export const photoSection = html`
  <section class="panel" aria-labelledby="photo-title">
    <h2 id="photo-title"><span class="step">1</span> The photo</h2>
    <div id="drop" class="drop">
      <input class="hidden-input" id="photo" type="file" accept="image/jpeg,image/png,image/webp,image/heic,image/heif">
      <div class="stage" id="stage" hidden>
        <canvas id="canvas" role="img" aria-label="The photo, with the painted mask over it" aria-describedby="paint-help"></canvas>
      </div>
      <div class="invite" id="unshown" role="status" hidden>
        <p><b id="unshown-name"></b></p>
        <p>This browser cannot show it. It is sent as it is, and the whole photo counts.</p>
        <div class="row center"><label class="button" for="photo">Other photo</label></div>
      </div>
      <div class="invite" id="invite">
        <p>Drop a photo of one thing here</p>
        <div class="row center">
          <label class="button primary" for="photo">Choose a photo</label>
          <label class="button" for="camera">Take one</label>
          <input class="hidden-input" id="camera" type="file" accept="image/*" capture="environment">
        </div>
      </div>
    </div>
    <div id="mask-tools" class="tools" role="group" aria-label="Mask" hidden>
      <button type="button" id="paint" aria-pressed="false">Paint the object</button>
      <button type="button" id="erase" aria-pressed="false" disabled>Erase</button>
      <label class="slider" for="brush">Brush <input id="brush" type="range" min="2" max="30" value="10"></label>
      <button type="button" id="clear" disabled>Clear</button>
      <input class="hidden-input" id="mask" type="file" accept="image/jpeg,image/png,image/webp">
      <label class="button" for="mask">Mask file</label>
      <label class="button" for="photo">Other photo</label>
      <p class="quiet" id="paint-help">Paint over the thing itself, or leave it: without a mask the whole photo counts. By keyboard: arrows move the brush,
        Space paints, Shift goes further.</p>
    </div>
    <div class="row">
      <button type="button" class="primary" id="encode" disabled>Encode</button>
      <p class="status" id="encode-status" role="status"></p>
    </div>
    <p class="error" id="encode-error" role="alert"></p>
    <div class="made" id="made" hidden>
      <h3 id="made-title">Concepts</h3>
      <div id="concepts" class="concepts" role="radiogroup" aria-labelledby="made-title"></div>
      <button type="button" id="share" hidden>Share this concept</button>
    </div>
  </section>`;
