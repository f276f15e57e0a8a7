/** Where the page begins: signs in by the link that it was opened with, if there is one, and shows the console. */
import { render } from 'preact';
import { App } from './app.tsx';
import { takeFragment } from './session/session.ts';

const place = document.getElementById('console');
if (place === null) throw new Error('the page has no place for the console');
place.replaceChildren();
render(<App link={takeFragment()} />, place);
