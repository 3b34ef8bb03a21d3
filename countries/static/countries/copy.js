'use strict';
// Adds a button to each text that people copy. Without scripts, or without a secure connection, people select the text.
if (navigator.clipboard) {
    for (const text of document.querySelectorAll('[data-copy]')) {
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'copy';
        button.textContent = 'Copy';
        button.setAttribute('aria-describedby', text.dataset.copy);
        button.addEventListener('click', async () => {
            try {
                await navigator.clipboard.writeText(text.textContent);
                button.textContent = 'Copied';
            } catch {
                getSelection().selectAllChildren(text);
                button.textContent = 'Selected: copy it';
            }
        });
        (text.closest('pre') ?? text).after(button);
    }
}
