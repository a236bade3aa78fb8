import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Report } from './app';

const root = document.getElementById('root');
if (!root) throw new Error('There is no #root.');
createRoot(root).render(
  <StrictMode>
    <Report />
  </StrictMode>,
);
