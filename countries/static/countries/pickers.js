'use strict';
// Fields in which people find a row by typing a part of its name. Lists of countries are in the page, so nothing is
// requested for them. Screen readers get the label of the field for the parts that select2 makes.
{
    const $ = django.jQuery;

    const nameParts = list => {
        const label = list.labels[0], parts = list.nextElementSibling;
        if (!label || !parts) return;
        const name = label.innerText.replace(/:$/, '');
        const shown = parts.querySelector('.select2-selection__rendered');
        label.id ||= `${list.id}_label`;
        parts.querySelector('.select2-selection').setAttribute('aria-labelledby', `${label.id} ${shown.id}`);
        if (shown.getAttribute('role') === 'textbox') shown.setAttribute('aria-label', name);
        parts.querySelector('.select2-search__field')?.setAttribute('aria-label', name);
    };

    $(() => {
        $('select.country-picker').select2({ theme: 'admin-autocomplete', width: 'element' });
        for (const list of document.querySelectorAll('select.select2-hidden-accessible')) nameParts(list);
        // The field for typing a part of a name, and the list below it, are made each time that they open.
        $(document).on('select2:open', ({ target }) => {
            const name = target.labels?.[0]?.innerText.replace(/:$/, '') ?? '';
            document.querySelector('.select2-search--dropdown input')?.setAttribute('aria-label', name);
            const field = target.nextElementSibling.querySelector('[aria-owns]');
            field?.setAttribute('aria-controls', field.getAttribute('aria-owns'));
        });
    });
}
